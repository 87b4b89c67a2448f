import { overlaps } from "@load-manager/contract/model/scope.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Access } from "../../auth/access.ts";
import { holdersOf, stateOf } from "../../clusters/cluster-state.ts";
import type { ClusterWatch, WatchedProbe } from "../../clusters/cluster-watch.ts";
import type { ClusterAdapter, Clusters } from "../../clusters/port.ts";
import { type ClusterConfig, isClusterVisible, serves } from "../../clusters/select-cluster.ts";
import type { Clock } from "../../lib/clock.ts";
import { notFound } from "../../lib/errors.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";

type Deps = {
  readonly runs: Pick<RunReader, "unsettled">;
  readonly clusters: Clusters;
  readonly clock: Pick<Clock, "now">;
  readonly watch: Pick<ClusterWatch, "current">;
};

const processesOf = ({ processes = [], heardAt }: WatchedProbe) =>
  processes.map((one) => ({ ...one, lastHeardAt: heardAt.get(one.id) ?? null }));

/** What only one kind of cluster has. */
const ownOf = (config: ClusterConfig) =>
  config.kind === "local"
    ? { workers: config.workers, maxWorkers: config.maxWorkers ?? config.workers }
    : { baseUrl: config.baseUrl };

/** Names the runs of Load Manager that the cluster is busy with; Locust itself does not know whose they are. */
const busyMessage = (holders: readonly LoadTestRun[], access: Access): string => {
  const seen = holders.filter((run) => access.canSee(run));
  if (seen.length === 0) return "The cluster is busy with a run of a scope that you do not see.";
  const names = seen.map(({ name, id }) => `${name} (${id})`).join(", ");
  return `The cluster is busy with ${names}.`;
};

export const clusterHandlers = (deps: Deps): Pick<Handlers, "listClusters" | "getCluster"> => {
  const { runs, clusters, clock, watch } = deps;
  const stateSince = new Map<string, { readonly state: string; readonly at: number }>();

  const since = (id: string, state: string): number => {
    const before = stateSince.get(id);
    const at = before?.state === state ? before.at : clock.now();
    stateSince.set(id, { state, at });
    return at;
  };

  const answer = async (adapter: ClusterAdapter, open: readonly LoadTestRun[], access: Access) => {
    const { config } = adapter;
    const ofCluster = open.filter((run) => run.locustClusterId === config.id);
    const holders = holdersOf(adapter, open);
    const probe = await watch.current(adapter, open);
    const state = stateOf(adapter, probe, holders);
    const message =
      state === "busy" && holders.length > 0 ? busyMessage(holders, access) : probe.message;
    return {
      id: config.id,
      kind: config.kind,
      ...config.scope,
      ...ownOf(config),
      origin: "config" as const,
      maxConcurrentRuns: config.maxConcurrentRuns,
      state,
      since: since(config.id, state),
      ...(message === undefined ? {} : { message }),
      ...(probe.engine === undefined ? {} : { engine: probe.engine }),
      // A cluster may serve several tenants: each sees that it is busy, but only its own runs.
      holders: holders
        .filter((run) => access.canSee(run))
        .map((run) => ({ runId: run.id, slot: run.slot ?? 0 })),
      // Their users and CPU would show the load of somebody else.
      processes: holders.every((run) => access.canSee(run)) ? processesOf(probe) : [],
      queueLength: ofCluster.filter((run) => run.status === "Pending").length,
    };
  };

  return {
    listClusters: async ({ query, access }) => {
      const { accountId, orgId, projectId, envId } = query;
      const asked = { accountId, orgId, projectId, envId };
      const exact = accountId !== undefined && orgId !== undefined && projectId !== undefined;
      const open = await runs.unsettled();
      const shown = [...clusters.values()].filter(
        ({ config }) =>
          isClusterVisible(config, access.visible) &&
          (exact
            ? serves(config, { ...asked, envId: envId ?? config.scope.envId })
            : overlaps(config.scope, asked)),
      );
      return { body: { items: await Promise.all(shown.map((one) => answer(one, open, access))) } };
    },
    getCluster: async ({ params, access }) => {
      const { clusterId } = params;
      const adapter = clusters.get(clusterId);
      const open = await runs.unsettled();
      const isKnown =
        [...clusters.values()].some(({ config }) => config.id === clusterId) ||
        open.some((run) => run.locustClusterId === clusterId);
      if (adapter === undefined || !isKnown || !isClusterVisible(adapter.config, access.visible)) {
        throw notFound("cluster", clusterId);
      }
      return { body: await answer(adapter, open, access) };
    },
  };
};
