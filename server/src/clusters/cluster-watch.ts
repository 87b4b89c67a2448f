import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic, within } from "../lib/periodic.ts";
import { type ClusterState, holdersOf, probeOf, stateOf } from "./cluster-state.ts";
import type { ClusterAdapter, ClusterProbe, Clusters } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";

/** Less than 5 s: a Locust without the plugin counts as idle only when it was seen so twice within that time. */
const INTERVAL_MS = 4000;
/** How long a reader waits for the first answer of a cluster. */
const FIRST_MS = 500;

/** What a cluster answered when it was asked last. */
export type WatchedProbe = ClusterProbe & {
  /** When each process was last heard of, in Unix ms, by its id. */
  readonly heardAt: ReadonlyMap<string, number>;
};

export type ClusterWatch = Pick<Periodic, "start" | "stop" | "wake"> & {
  /** The state of each configured cluster when it was asked last; without those that have not been asked yet. */
  readonly states: () => ReadonlyMap<string, ClusterState>;
  /** The cluster's last answer. Waits at most half a second: for a cluster that has never answered. */
  readonly last: (adapter: ClusterAdapter) => Promise<WatchedProbe>;
};

type Deps = {
  readonly clusters: Pick<Clusters, "values">;
  readonly runs: { readonly unsettled: () => Promise<readonly LoadTestRun[]> };
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  readonly onChange: (config: ClusterConfig, state: ClusterState) => void;
};

const NOT_ASKED: WatchedProbe = {
  state: "unknown",
  message: "The cluster has not answered yet.",
  heardAt: new Map(),
};

/** The last answer of each cluster. A cluster that is asked already is not asked again. */
const createAnswers = (clock: Pick<Clock, "now">) => {
  const last = new Map<ClusterAdapter, WatchedProbe>();
  const asked = new Map<ClusterAdapter, Promise<WatchedProbe>>();

  const askNow = async (adapter: ClusterAdapter): Promise<WatchedProbe> => {
    const probe = await probeOf(adapter);
    const { processes = [] } = probe;
    const before = last.get(adapter)?.heardAt;
    const heardAt = new Map(
      processes.flatMap(({ id, state }): [string, number][] => {
        const at = state === "missing" ? before?.get(id) : clock.now();
        return at === undefined ? [] : [[id, at]];
      }),
    );
    const answer = { ...probe, heardAt };
    last.set(adapter, answer);
    asked.delete(adapter);
    return answer;
  };
  const ask = (adapter: ClusterAdapter): Promise<WatchedProbe> => {
    const underWay = asked.get(adapter) ?? askNow(adapter);
    asked.set(adapter, underWay);
    return underWay;
  };
  return {
    last,
    ask,
    isAsked: (adapter: ClusterAdapter): boolean => asked.has(adapter),
    settled: async (): Promise<void> => void (await Promise.all(asked.values())),
  };
};

/**
 * Asks each cluster every four seconds for its state, so that nobody who wants to know it waits for a dead host, and logs
 * each change. No decision depends on it: before a slot is taken the cluster is asked again.
 */
export const createClusterWatch = ({
  clusters,
  runs,
  clock,
  log,
  onChange,
}: Deps): ClusterWatch => {
  const states = new Map<string, ClusterState>();
  const answers = createAnswers(clock);

  const noteState = (
    adapter: ClusterAdapter,
    probe: ClusterProbe,
    open: readonly LoadTestRun[],
  ): void => {
    const clusterId = adapter.config.id;
    const state = stateOf(adapter, probe, holdersOf(adapter, open));
    const before = states.get(clusterId);
    states.set(clusterId, state);
    if (before === state) return;
    onChange(adapter.config, state);
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

  const { start, stop, wake } = createPeriodic({
    name: "cluster_watch",
    intervalMs: INTERVAL_MS,
    log,
    job: async () => {
      const open = await runs.unsettled();
      const configured = [...clusters.values()];
      const ids = new Set(configured.map(({ config }) => config.id));
      for (const id of states.keys()) if (!ids.has(id)) states.delete(id);
      const adapters = new Set(configured);
      for (const known of answers.last.keys()) if (!adapters.has(known)) answers.last.delete(known);
      // A dead host answers after its timeout; nobody else waits for it.
      for (const adapter of configured) {
        if (answers.isAsked(adapter)) continue;
        void answers.ask(adapter).then((probe) => {
          if (adapters.has(adapter)) noteState(adapter, probe, open);
        });
      }
    },
  });
  return {
    start,
    wake,
    stop: async () => {
      await stop();
      await answers.settled();
    },
    states: () => states,
    last: async (adapter) =>
      answers.last.get(adapter) ?? (await within(FIRST_MS, answers.ask(adapter), NOT_ASKED)),
  };
};
