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
  /** The ids of the runs that held the cluster when it was asked. */
  readonly heldBy: ReadonlySet<string>;
};

export type ClusterWatch = Pick<Periodic, "start" | "stop" | "wake"> & {
  /** The state of each configured cluster when it was asked last; without those that have not been asked yet. */
  readonly states: () => ReadonlyMap<string, ClusterState>;
  /** The cluster's last answer. Waits at most half a second: for a cluster that has never answered. */
  readonly last: (adapter: ClusterAdapter) => Promise<WatchedProbe>;
  /**
   * The same, but asks again where the last answer is of a time when a run held the cluster that holds it no more: what
   * was busy then may be idle now. `open`: the runs that are not settled.
   */
  readonly current: (
    adapter: ClusterAdapter,
    open: readonly LoadTestRun[],
  ) => Promise<WatchedProbe>;
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
  heldBy: new Set(),
};

const NOT_ASKED_AGAIN = {
  state: "unknown",
  message: "The cluster has not answered yet since its last run.",
} as const;

/** Whether a run that held the cluster when it answered has given it back. */
const isOutdated = (
  { heldBy }: WatchedProbe,
  adapter: ClusterAdapter,
  open: readonly LoadTestRun[],
): boolean => {
  const holders = new Set(holdersOf(adapter, open).map(({ id }) => id));
  return [...heldBy].some((id) => !holders.has(id));
};

/** The last answer of each cluster. A cluster that is asked already is not asked again. */
const createAnswers = (
  clock: Pick<Clock, "now">,
  onAnswer: (adapter: ClusterAdapter, probe: ClusterProbe, open: readonly LoadTestRun[]) => void,
) => {
  const last = new Map<ClusterAdapter, WatchedProbe>();
  const asked = new Map<ClusterAdapter, Promise<WatchedProbe>>();

  const askNow = async (
    adapter: ClusterAdapter,
    open: readonly LoadTestRun[],
  ): Promise<WatchedProbe> => {
    const heldBy = new Set(holdersOf(adapter, open).map(({ id }) => id));
    const probe = await probeOf(adapter);
    const { processes = [] } = probe;
    const before = last.get(adapter)?.heardAt;
    const heardAt = new Map(
      processes.flatMap(({ id, state }): [string, number][] => {
        const at = state === "missing" ? before?.get(id) : clock.now();
        return at === undefined ? [] : [[id, at]];
      }),
    );
    const answer = { ...probe, heardAt, heldBy };
    last.set(adapter, answer);
    asked.delete(adapter);
    onAnswer(adapter, probe, open);
    return answer;
  };
  const ask = (adapter: ClusterAdapter, open: readonly LoadTestRun[]): Promise<WatchedProbe> => {
    const underWay = asked.get(adapter) ?? askNow(adapter, open);
    asked.set(adapter, underWay);
    return underWay;
  };
  return {
    last,
    ask,
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
  let watched: ReadonlySet<ClusterAdapter> = new Set();

  const noteState = (
    adapter: ClusterAdapter,
    probe: ClusterProbe,
    open: readonly LoadTestRun[],
  ): void => {
    if (!watched.has(adapter)) return;
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

  const answers = createAnswers(clock, noteState);

  const freshAnswer = async (
    adapter: ClusterAdapter,
    open: readonly LoadTestRun[],
  ): Promise<WatchedProbe> => {
    const answer = await answers.ask(adapter, open);
    // It was asked before the run was over.
    return isOutdated(answer, adapter, open) ? answers.ask(adapter, open) : answer;
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
      watched = new Set(configured);
      for (const known of answers.last.keys()) if (!watched.has(known)) answers.last.delete(known);
      // A dead host answers after its timeout; nobody else waits for it.
      for (const adapter of configured) {
        void answers.ask(adapter, open);
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
      answers.last.get(adapter) ?? (await within(FIRST_MS, answers.ask(adapter, []), NOT_ASKED)),
    current: async (adapter, open) => {
      const before = answers.last.get(adapter);
      if (before !== undefined && !isOutdated(before, adapter, open)) return before;
      const otherwise = before === undefined ? NOT_ASKED : { ...before, ...NOT_ASKED_AGAIN };
      return within(FIRST_MS, freshAnswer(adapter, open), otherwise);
    },
  };
};
