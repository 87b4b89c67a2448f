import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic } from "../lib/periodic.ts";
import { type ClusterState, holdersOf, probeOf, stateOf } from "./cluster-state.ts";
import type { ClusterAdapter, Clusters } from "./port.ts";

/** Less than 5 s: a Locust without the plugin counts as idle only when it was seen so twice within that time. */
const INTERVAL_MS = 4000;

export type ClusterWatch = Pick<Periodic, "start" | "stop"> & {
  /** The state of each configured cluster when it was asked last; without those that have not been asked yet. */
  readonly states: () => ReadonlyMap<string, ClusterState>;
};

type Deps = {
  readonly clusters: Pick<Clusters, "values">;
  readonly runs: { readonly unsettled: () => Promise<readonly LoadTestRun[]> };
  readonly log: Log;
};

/** Asks each cluster every four seconds for its state and logs each change: for operators; no decision depends on it. */
export const createClusterWatch = ({ clusters, runs, log }: Deps): ClusterWatch => {
  const states = new Map<string, ClusterState>();

  const ask = async (adapter: ClusterAdapter, open: readonly LoadTestRun[]): Promise<void> => {
    const clusterId = adapter.config.id;
    const probe = await probeOf(adapter);
    const state = stateOf(adapter, probe, holdersOf(adapter, open));
    const before = states.get(clusterId);
    states.set(clusterId, state);
    if (before === state) return;
    log.info(
      {
        event: "cluster_state_changed",
        clusterId,
        ...(before === undefined ? {} : { from: before }),
        to: state,
        ...(probe.message === undefined ? {} : { detail: probe.message }),
      },
      `The cluster ${clusterId} is ${state}.`,
    );
  };

  const { start, stop } = createPeriodic({
    name: "cluster_watch",
    intervalMs: INTERVAL_MS,
    log,
    job: async () => {
      const open = await runs.unsettled();
      const asked = [...clusters.values()];
      const ids = new Set(asked.map(({ config }) => config.id));
      for (const id of states.keys()) if (!ids.has(id)) states.delete(id);
      await Promise.all(asked.map((adapter) => ask(adapter, open)));
    },
  });
  return { start, stop, states: () => states };
};
