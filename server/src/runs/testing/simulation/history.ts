import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import type { Stores } from "../../../stores/ports.ts";
import { isTerminal } from "../../domain/states.ts";

type Change = {
  readonly runId: string;
  readonly status: RunStatus;
  readonly fence: number;
};

/** Everything that was committed, in order. */
export type History = {
  readonly accepted: string[];
  readonly changes: Change[];
  readonly fences: { readonly slot: string; readonly fence: number }[];
};

/** The same stores; every commit is also recorded in `history`. */
export const recordingStores = (stores: Stores): { stores: Stores; history: History } => {
  const history: History = { accepted: [], changes: [], fences: [] };
  const note = ({ id, status, fence }: LoadTestRun): void => {
    history.changes.push({ runId: id, status, fence });
  };
  return {
    history,
    stores: {
      ...stores,
      runs: {
        ...stores.runs,
        create: async (run) => {
          await stores.runs.create(run);
          history.accepted.push(run.id);
          note(run);
        },
        update: async (id, guard, patch) => {
          const next = await stores.runs.update(id, guard, patch);
          if (next !== undefined) note(next);
          return next;
        },
      },
      leases: {
        ...stores.leases,
        claim: async (lease, seen) => {
          const claimed = await stores.leases.claim(lease, seen);
          if (claimed !== undefined) {
            const { clusterId, slot, fence } = claimed;
            history.fences.push({ slot: `${clusterId}:${slot}`, fence });
          }
          return claimed;
        },
      },
    },
  };
};

type Load = {
  readonly runId: string;
  readonly requests: number;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly stopIssuedAt?: number;
  readonly deadlineAt: number | undefined;
  readonly stopTimeoutMs: number;
};

/** The resolution of times in the simulation. */
const GRAIN_MS = 1000;

const overlaps = (a: Load, b: Load): boolean =>
  a.startedAt < (b.endedAt ?? Infinity) && b.startedAt < (a.endedAt ?? Infinity);

/**
 * The promise of docs/reliability.md as code. Returns one message for each way in which the history breaks it. `runs`
 * are the stored runs at the end, after a long time without faults.
 */
export const brokenPromises = (seen: {
  readonly history: History;
  readonly runs: readonly LoadTestRun[];
  readonly starts: readonly (readonly [runId: string, count: number])[];
  readonly intrusions: readonly string[];
  readonly loads: readonly Load[];
  /** Whether the master stops at the deadline by itself. */
  readonly plugin: boolean;
  /** The runs that a user stopped, and whether a user stopped Locust in its own page. */
  readonly stopped: ReadonlySet<string>;
  readonly stoppedInPage: boolean;
  /** The statuses in the events of each run. */
  readonly recorded: ReadonlyMap<string, readonly unknown[]>;
  readonly witnessed: {
    /** Loads of other users that the server stopped. */
    readonly harmed: readonly string[];
    readonly mastersKilled: boolean;
    /** Whether the metrics could not be read for a while. */
    readonly metricsAway: boolean;
    /** The runs for which Locust received a stop. */
    readonly stopped: ReadonlySet<string>;
  };
  readonly recentRuns: readonly string[];
  /** Whether a run that was created last got the slot. */
  readonly slotIsFree: boolean;
}): string[] => {
  const broken: string[] = [];
  const { history, runs } = seen;
  const stored = new Map(runs.map((run) => [run.id, run]));
  for (const id of history.accepted) {
    const run = stored.get(id);
    if (run === undefined) {
      broken.push(`the accepted run ${id} is lost`);
      continue;
    }
    if (!isTerminal(run.status)) broken.push(`the run ${id} has not ended: ${run.status}`);
    else if (run.statusReason?.code === undefined)
      broken.push(`the run ${id} ended without a reason`);
    if (run.endCause === "stopped_by_user" && !seen.stopped.has(id))
      broken.push(`no user stopped the run ${id}, but it ended as stopped_by_user`);
    if (run.endCause === "stopped_at_locust" && !seen.stoppedInPage)
      broken.push(`nobody stopped Locust, but the run ${id} ended as stopped_at_locust`);
    const why = run.statusReason?.code;
    const untrue = (what: string): number =>
      broken.push(`the reason of the run ${id} is ${why}, but ${what}`);
    if (why === "stop_not_confirmed" && !seen.witnessed.stopped.has(id))
      untrue("Locust received no stop");
    if (why === "master_restarted" && !seen.witnessed.mastersKilled)
      untrue("no master was restarted");
    // Without the plugin a server that was killed while it sent the start cannot know whether it arrived.
    const started = seen.starts.some(([runId]) => runId === id);
    if (why === "start_not_confirmed" && seen.plugin && !started)
      untrue("Locust received no start");
    if (
      why === "host_lost" &&
      seen.loads.some(
        (load) => load.runId === id && !(Number(load.endedAt) <= Number(run.finishedAt)),
      )
    )
      untrue("its load went on");
    const made = seen.loads.some((load) => load.runId === id && load.requests > 0);
    // A stop because of no requests is a failure, whatever completes after it.
    if (why === "no_requests" && made && run.endCause !== "failed") untrue("it has requests");
    // Locust's own page does not tell whose load it shows.
    if (why === "duration_reached" && seen.plugin && !made && !seen.witnessed.metricsAway)
      untrue("it has no requests");
    if (run.settledAt === undefined) broken.push(`the run ${id} is not settled`);
    const changes = history.changes.filter(({ runId }) => runId === id);
    for (const status of new Set(changes.map((change) => change.status))) {
      const times = seen.recorded.get(id)?.filter((one) => one === status).length ?? 0;
      if (times !== 1) broken.push(`${times} events say that the run ${id} became ${status}`);
    }
    const ends = new Set(changes.map(({ status }) => status).filter(isTerminal));
    if (ends.size > 1) broken.push(`the run ${id} ended as ${[...ends].join(" and ")}`);
    changes.forEach((change, index) => {
      const before = changes[index - 1];
      if (before === undefined) return;
      if (change.fence < before.fence) broken.push(`the fence of ${id} fell to ${change.fence}`);
      if (isTerminal(before.status) && change.status !== before.status) {
        broken.push(`the ended run ${id} became ${change.status}`);
      }
    });
    if (!seen.recentRuns.includes(id))
      broken.push(`the run ${id} is not in recentRuns of its load test`);
  }
  for (const [runId, count] of seen.starts) {
    if (count > 1) broken.push(`${runId} was started ${count} times`);
  }
  for (const harm of seen.witnessed.harmed) broken.push(`stopped: ${harm}`);
  for (const intrusion of seen.intrusions)
    broken.push(`a start was sent while other load ran: ${intrusion}`);
  for (const [index, load] of seen.loads.entries()) {
    const ours = stored.has(load.runId);
    if (ours && load.endedAt === undefined && load.stopIssuedAt === undefined) {
      broken.push(`load of ${load.runId} is left running`);
    }
    const limit = (load.deadlineAt ?? Infinity) + load.stopTimeoutMs + GRAIN_MS;
    if (seen.plugin && (load.endedAt ?? 0) > limit)
      broken.push(`load of ${load.runId} ran past its deadline`);
    for (const other of seen.loads.slice(index + 1)) {
      if (load.runId !== other.runId && overlaps(load, other)) {
        broken.push(`loads of ${load.runId} and ${other.runId} ran at the same time on one slot`);
      }
    }
  }
  const highest = new Map<string, number>();
  for (const { slot, fence } of history.fences) {
    if (fence <= (highest.get(slot) ?? 0))
      broken.push(`the fence of ${slot} did not rise: ${fence}`);
    highest.set(slot, fence);
  }
  if (!seen.slotIsFree) broken.push("the slot is not free: a new run did not get it");
  return broken;
};
