import type { Scope, ScopeFilter } from "./primitives.ts";

/** From the top of the hierarchy down. */
export const SCOPE_LEVELS = ["accountId", "orgId", "projectId", "envId"] as const;

/** The scope of an object that has other fields too; absent levels are left out. */
export const scopeOf = <Fields extends ScopeFilter>(
  fields: Fields,
): Fields extends Scope ? Scope : ScopeFilter => {
  const named = SCOPE_LEVELS.filter((level) => fields[level] !== undefined);
  return Object.fromEntries(named.map((level) => [level, fields[level]])) as Fields extends Scope
    ? Scope
    : ScopeFilter;
};

/** A filter covers its own scope and everything below it; an empty one covers everything. */
export const covers = (filter: ScopeFilter, scope: ScopeFilter): boolean =>
  SCOPE_LEVELS.every((level) => filter[level] === undefined || filter[level] === scope[level]);

/** Some scope is covered by both. */
export const overlaps = (one: ScopeFilter, other: ScopeFilter): boolean =>
  SCOPE_LEVELS.every(
    (level) =>
      one[level] === undefined || other[level] === undefined || one[level] === other[level],
  );

export const isSameScope = (one: ScopeFilter, other: ScopeFilter): boolean =>
  SCOPE_LEVELS.every((level) => one[level] === other[level]);
