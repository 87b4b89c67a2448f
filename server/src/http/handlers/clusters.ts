import { overlaps } from "@load-manager/contract/model/primitives.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Access } from "../../auth/access.ts";
import { holdersOf, probeOf, stateOf } from "../../clusters/cluster-state.ts";
import type { ClusterAdapter, Clusters } from "../../clusters/port.ts";
import { type ClusterConfig, serves } from "../../clusters/select-cluster.ts";
import type { Clock } from "../../lib/clock.ts";
import { notFound } from "../../lib/errors.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Handlers } from "../bind.ts";

type Deps = {
  readonly runs: Pick<RunReader, "unsettled">;
  readonly clusters: Clusters;
  readonly clock: Pick<Clock, "now">;
};

/** A cluster is seen where it serves a scope of the caller, also if it serves others too. */
const isVisible = ({ scope }: ClusterConfig, { visible }: Access): boolean =>
  visible.some((one) => overlaps(scope, one));

export const clusterHandlers = (deps: Deps): Pick<Handlers, "listClusters" | "getCluster"> => {
  const { runs, clusters, clock } = deps;
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
    const probe = await probeOf(adapter);
    const state = stateOf(adapter, probe, holders);
    return {
      id: config.id,
      kind: config.kind,
      ...config.scope,
      ...(config.kind === "attached" ? { baseUrl: config.baseUrl } : {}),
      origin: "config" as const,
      maxConcurrentRuns: config.maxConcurrentRuns,
      state,
      since: since(config.id, state),
      ...(probe.message === undefined ? {} : { message: probe.message }),
      ...(probe.engine === undefined ? {} : { engine: probe.engine }),
      // A cluster may serve several tenants: each sees that it is busy, but only its own runs.
      holders: holders
        .filter((run) => access.canSee(run))
        .map((run) => ({ runId: run.id, slot: run.slot ?? 0 })),
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
          isVisible(config, access) &&
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
      if (adapter === undefined || !isKnown || !isVisible(adapter.config, access)) {
        throw notFound("cluster", clusterId);
      }
      return { body: await answer(adapter, open, access) };
    },
  };
};
