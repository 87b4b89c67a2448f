import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, connection, isAway } from "./client.ts";

const SECOND_MS = 1000;
/** What a run has now is asked for again this often; the rest is told by hints of the server, and asked for again in case none came. */
const LIVE_MS = 2 * SECOND_MS;
const SLOW_MS = 10 * SECOND_MS;

/** The statuses of runs that hold a slot of a cluster. */
export const ACTIVE = ["Starting", "Running", "Stopping"] as const;
const ENDED: readonly RunAnswer["status"][] = ["Finished", "Stopped", "Failed"];
export const isEnded = ({ status }: Pick<RunAnswer, "status">): boolean => ENDED.includes(status);
/** Whether a stop is still to be asked for. */
export const canStop = (run: Pick<RunAnswer, "status">): boolean =>
  !isEnded(run) && run.status !== "Stopping";

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => client.getMe({ signal }),
  staleTime: 60 * SECOND_MS,
});

/** How often the server is asked whether it is there, and while it does not answer whether it is there again. */
const HEALTH_MS = 10 * SECOND_MS;
export const TRY_MS = 3 * SECOND_MS;

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: ({ signal }) => client.getHealth({ signal }),
  refetchInterval: () => (connection.isLost() ? TRY_MS : HEALTH_MS),
  // The next try comes anyway.
  retry: false,
});

export const storageQuery = queryOptions({
  queryKey: ["storage"],
  queryFn: ({ signal }) => client.getStorageUse({ signal }),
  staleTime: 30 * SECOND_MS,
});

export const scopesQuery = queryOptions({
  queryKey: ["scopes"],
  queryFn: ({ signal }) => client.listScopes({ signal }),
  staleTime: 30 * SECOND_MS,
});

export const clustersQuery = (scope: ScopeFilter) =>
  queryOptions({
    queryKey: ["clusters", scope],
    queryFn: ({ signal }) => client.listClusters({ query: { ...scope, limit: 200 }, signal }),
    refetchInterval: 5 * SECOND_MS,
  });

export type RunFilter = {
  readonly status?: readonly string[];
  readonly verdict?: readonly string[];
  readonly loadTestId?: string;
  readonly q?: string;
  readonly tags?: string;
  readonly from?: number;
  readonly to?: number;
  readonly sort?: "createdAt" | "-createdAt" | "finishedAt" | "-finishedAt";
  readonly limit?: number;
};

const queryOfRuns = (scope: ScopeFilter, { status, verdict, from, to, ...filter }: RunFilter) => ({
  ...scope,
  ...filter,
  ...(status === undefined ? {} : { status: status.join(",") }),
  ...(verdict === undefined ? {} : { verdict: verdict.join(",") }),
  ...(from === undefined ? {} : { from: String(from) }),
  ...(to === undefined ? {} : { to: String(to) }),
});

export const runsQuery = (scope: ScopeFilter, filter: RunFilter) =>
  queryOptions({
    queryKey: ["runs", scope, filter],
    queryFn: ({ signal }) => client.listRuns({ query: queryOfRuns(scope, filter), signal }),
    refetchInterval: ({ state: { data } }) =>
      data?.items.some((run) => !isEnded(run)) === true ? LIVE_MS : SLOW_MS,
    placeholderData: keepPreviousData,
  });

/** All runs of a filter, page after page. */
export const runPagesQuery = (scope: ScopeFilter, filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: ["runs", "pages", scope, filter],
    queryFn: ({ signal, pageParam }) =>
      client.listRuns({
        query: {
          ...queryOfRuns(scope, filter),
          ...(pageParam === "" ? {} : { cursor: pageParam }),
        },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: SLOW_MS,
    placeholderData: keepPreviousData,
  });

export type LoadTestFilter = {
  readonly q?: string;
  readonly tags?: string;
  readonly sort?: "name" | "-name" | "createdAt" | "-createdAt" | "lastRunAt" | "-lastRunAt";
  readonly limit?: number;
};

export const loadTestPagesQuery = (scope: ScopeFilter, filter: LoadTestFilter) =>
  infiniteQueryOptions({
    queryKey: ["loadTests", scope, filter],
    queryFn: ({ signal, pageParam }) =>
      client.listLoadTests({
        query: { ...scope, ...filter, ...(pageParam === "" ? {} : { cursor: pageParam }) },
        signal,
      }),
    initialPageParam: "",
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: SLOW_MS,
    placeholderData: keepPreviousData,
  });

export const loadTestQuery = (loadTestId: string) =>
  queryOptions({
    queryKey: ["loadTest", loadTestId],
    queryFn: ({ signal }) => client.getLoadTest({ params: { loadTestId }, signal }),
    refetchInterval: SLOW_MS,
  });

/** While a run goes on, its stream and this interval both bring it up to date; an ended one may still be settled. */
export const runQueryOf = (runId: string) =>
  queryOptions({
    queryKey: ["run", runId],
    queryFn: ({ signal }) => client.getRun({ params: { runId }, signal }),
    refetchInterval: ({ state: { data, error } }) => {
      if (data === undefined && error !== null && !isAway(error)) return false;
      return data !== undefined && isEnded(data) && data.settledAt !== undefined ? false : LIVE_MS;
    },
  });
