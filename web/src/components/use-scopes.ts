import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { scopesQuery } from "../api/queries.ts";

/** Every scope that the caller may see, from the top down: everything first. */
export const useScopes = (): readonly ScopeFilter[] => {
  const { data } = useQuery(scopesQuery);
  return useMemo(
    () => [
      {},
      ...(data?.accounts ?? []).flatMap(({ accountId, orgs }) => [
        { accountId },
        ...orgs.flatMap(({ orgId, projects }) => [
          { accountId, orgId },
          ...projects.flatMap(({ projectId, envs }) => [
            { accountId, orgId, projectId },
            ...envs.map((envId) => ({ accountId, orgId, projectId, envId })),
          ]),
        ]),
      ]),
    ],
    [data],
  );
};
