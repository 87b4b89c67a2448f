import type { Permission } from "@load-manager/contract/api/access.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useQuery } from "@tanstack/react-query";
import { mayIn, scopesOf } from "../api/permissions.ts";
import { meQuery } from "../api/queries.ts";

/** Whether the caller may do it in this scope; until that is known, the server decides. */
export const useMay = (permission: Permission, scope: ScopeFilter): boolean => {
  const { data: me } = useQuery(meQuery);
  return me === undefined || mayIn(me, permission, scope);
};

/** The scopes within this one in which the caller may do it; `undefined` until that is known. */
export const useScopesOf = (
  permission: Permission,
  scope: ScopeFilter,
): readonly ScopeFilter[] | undefined => {
  const { data: me } = useQuery(meQuery);
  return me === undefined ? undefined : scopesOf(me, permission, scope);
};
