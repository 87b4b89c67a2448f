import type { Permission } from "@load-manager/contract/api/access.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useQuery } from "@tanstack/react-query";
import { mayIn } from "../api/permissions.ts";
import { meQuery } from "../api/queries.ts";

/** Whether the caller may do it in this scope; until that is known, the server decides. */
export const useMay = (permission: Permission, scope: ScopeFilter): boolean => {
  const { data: me } = useQuery(meQuery);
  return me === undefined || mayIn(me, permission, scope);
};
