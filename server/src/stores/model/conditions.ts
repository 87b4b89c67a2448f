import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { SCOPE_LEVELS } from "@load-manager/contract/model/scope.ts";
import type { Collection, Condition, Visible } from "./collection.ts";
import { nameKey, searchWords } from "../../lib/text.ts";
import type { Column } from "./description.ts";

/** Columns that most entities have. */
export const SCOPE_COLUMNS = {
  accountId: { type: "text" },
  orgId: { type: "text" },
  projectId: { type: "text" },
  envId: { type: "text", optional: true },
} as const satisfies Record<string, Column>;

/** The name as it is searched and sorted by: without case. */
export const NAME_KEY = {
  type: "text",
  derived: { from: "name", by: nameKey },
} as const satisfies Column;

/** Every named level must be equal. */
export const inScope = (filter: ScopeFilter): Condition[] =>
  SCOPE_LEVELS.flatMap((column) => {
    const is = filter[column];
    return is === undefined ? [] : [{ column, is }];
  });

export const visibleTo = (scopes: Visible): Condition[] => {
  const groups = scopes.map((scope) => inScope(scope));
  const [first] = groups;
  if (groups.some((group) => group.length === 0)) return [];
  return groups.length === 1 && first !== undefined ? first : [{ any: groups }];
};

/** Each word of the text is the start of a word of the name, in any order, without case. */
export const named = (text: string | undefined): Condition[] =>
  searchWords(text ?? "").map((wordStart) => ({ column: "nameKey", wordStart }));

/** All of the tags are there. */
export const tagged = (tags: readonly string[] | undefined): Condition[] =>
  tags === undefined || tags.length === 0 ? [] : [{ column: "tags", all: tags }];

/** Entities with `updatedAt` from then on, the newest first. */
export const changedSince = async <T>(
  collection: Pick<Collection<T>, "list">,
  since: number,
  limit: number,
): Promise<T[]> => {
  const where = [{ column: "updatedAt", from: since }];
  return (await collection.list({ where, sort: "-updatedAt", limit })).items;
};
