import type { Grant, Permission } from "@load-manager/contract/api/access.ts";
import { covers, type ScopeFilter } from "@load-manager/contract/model/primitives.ts";

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
