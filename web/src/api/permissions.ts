import type { Grant, Permission } from "@load-manager/contract/api/access.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { covers, overlaps } from "@load-manager/contract/model/scope.ts";

type Granted = {
  readonly scope: Grant["scope"];
  readonly permissions: readonly Permission[];
};

/** Whether the caller may do it in this scope. */
export const mayIn = (
  { grants }: { readonly grants: readonly Granted[] },
  permission: Permission,
  scope: ScopeFilter,
): boolean =>
  grants.some((grant) => covers(grant.scope, scope) && grant.permissions.includes(permission));

/** The scopes within this one in which the caller may do it, or that it lies in. */
export const scopesOf = (
  { grants }: { readonly grants: readonly Granted[] },
  permission: Permission,
  scope: ScopeFilter,
): ScopeFilter[] =>
  grants
    .filter((grant) => overlaps(grant.scope, scope) && grant.permissions.includes(permission))
    .map((grant) => ({ ...grant.scope, ...scope }));
