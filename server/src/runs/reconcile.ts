import type { EndCause, Health, LoadTestRun, StatusReason } from "@load-manager/contract/run.ts";
import type { LoadState, Observation } from "../clusters/port.ts";
import { deadlineOf, killAt } from "./deadline.ts";
import { POLICY } from "./policy.ts";

/** What the loop remembers between two looks; losing it (a restart) only makes it more patient. */
export type Facts = {
  /** Unix milliseconds. */
  readonly now: number;
  /** For how long every look has ended in `unreachable`; 0 where the last one did not. */
  readonly unreachableForMs: number;
  /** For how long what was seen has been the end of the load (ended, dead or nothing). */
  readonly endSeenForMs: number;
  /** Since a stop was last sent; infinite where none was. */
  readonly stopSentAgoMs: number;
  /** Every master process that reported has handed in its final figures. */
  readonly finalsIn: boolean;
};

/** The next state with its cause. The loop adds times. */
type Become =
  | { readonly do: "become"; readonly status: "Running"; readonly startedAt: number; readonly load: LoadState }
  | { readonly do: "become"; readonly status: "Stopping"; readonly endCause: EndCause; readonly reason: StatusReason; readonly startedAt?: number }
  | { readonly do: "become"; readonly status: "Finished" | "Stopped" | "Failed"; readonly reason: StatusReason; readonly finishedAt: number };

export type Action =
  | Become
  | { readonly do: "prepare" | "start" | "stop" | "kill" }
  | { readonly do: "setUsers"; readonly targetUsers: number; readonly spawnRate: number }
  | { readonly do: "health"; readonly health: Health; readonly message?: string };

type Look = Observation["kind"];
type Seen<K extends Look> = Extract<Observation, { readonly kind: K }>;

const reason = (code: string, message: string, logTail?: readonly string[]): StatusReason =>
  logTail === undefined || logTail.length === 0 ? { code, message } : { code, message, logTail: [...logTail] };

const END_CAUSES: Record<NonNullable<LoadState["stopCause"]>, EndCause> = {
  deadline: "duration_reached",
  shape_ended: "shape_ended",
  manager: "stopped_by_user",
  locust_ui: "stopped_at_locust",
  autostop: "auto_stop_errors",
  no_workers: "failed",
};

const END_REASONS: Record<EndCause, StatusReason> = {
  duration_reached: reason("duration_reached", "The duration was reached."),
  shape_ended: reason("shape_ended", "The script's load shape ended."),
  stopped_by_user: reason("stopped_by_user", "Somebody stopped it."),
  stopped_at_locust: reason("stopped_at_locust", "Somebody stopped it in Locust's own page."),
  auto_stop_errors: reason("auto_stop_errors", "It was stopped because too many requests failed."),
  failed: reason("no_workers", "Locust lost its last worker, and stopped."),
};

const stopping = (run: LoadTestRun, load: LoadState): Become => {
  const endCause = END_CAUSES[load.stopCause ?? "locust_ui"];
  const neverRan = run.status === "Starting" && load.requests === 0;
  return {
    do: "become",
    status: "Stopping",
    endCause: neverRan && endCause !== "stopped_by_user" ? "failed" : endCause,
    reason: neverRan
      ? reason("no_requests", "Load ended before a single request had completed; look at the script and at Locust's log.")
      : END_REASONS[endCause],
    ...(load.testStartedAt === undefined ? {} : { startedAt: load.testStartedAt }),
  };
};

const failed = (now: number, code: string, message: string, logTail?: readonly string[]): Become => ({
  do: "become",
  status: "Failed",
  reason: reason(code, message, logTail),
  finishedAt: now,
});

/** The terminal state that the cause of the end picks. */
const ended = (run: LoadTestRun, finishedAt: number): Become => {
  const cause = run.endCause ?? "failed";
  const status =
    cause === "failed" ? "Failed" : cause === "duration_reached" || cause === "shape_ended" ? "Finished" : "Stopped";
  return { do: "become", status, reason: run.statusReason ?? END_REASONS[cause], finishedAt };
};

const healthOf = (seen: Seen<"load">): Action => {
  const lost = seen.load.workersLost.length;
  if (lost > 0) {
    return { do: "health", health: "degraded", message: `Workers lost: ${seen.load.workersLost.join(", ")}.` };
  }
  if (seen.load.phase === "running" && seen.workers < seen.workersExpected) {
    return { do: "health", health: "degraded", message: `${seen.workers} of ${seen.workersExpected} workers are there.` };
  }
  return { do: "health", health: "ok" };
};

const starting = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const elapsed = now - (run.startingAt ?? run.createdAt);
  const late = elapsed > POLICY.startTimeoutMs;
  switch (seen.kind) {
    case "nothing":
      return late ? [failed(now, "start_failed", "Locust could not be made ready in time.")] : [{ do: "prepare" }];
    case "dead":
      return [failed(now, seen.code, seen.message, seen.logTail)];
    case "foreign":
      return [failed(now, "cluster_taken", seen.message)];
    case "unreachable":
      return late
        ? [{ do: "stop" }, failed(now, "cluster_unreachable", `The cluster did not answer: ${seen.message}`)]
        : [{ do: "health", health: "unknown", message: seen.message }];
    case "ready":
      if (seen.workers > 0 && seen.workers >= seen.workersExpected) {
        return late
          ? [{ do: "stop" }, failed(now, "start_not_confirmed", "Locust accepted the start, but load did not begin.")]
          : [{ do: "start" }];
      }
      if (elapsed <= POLICY.workersTimeoutMs) return [];
      return [
        seen.workers === 0
          ? failed(now, "no_workers", "No Locust worker has connected to the master.")
          : failed(now, "not_enough_workers", `Only ${seen.workers} of ${seen.workersExpected} workers connected.`),
      ];
    case "load": {
      const { load } = seen;
      if (load.phase === "stopping" || load.phase === "ended") return [stopping(run, load)];
      if (load.requests > 0) {
        return [{ do: "become", status: "Running", startedAt: load.testStartedAt ?? now, load }, healthOf(seen)];
      }
      if (pastDeadline(run, load.testStartedAt, now)) return [overdue()];
      return [];
    }
  }
};

const pastDeadline = (run: LoadTestRun, startedAt: number | undefined, now: number): boolean => {
  const deadline = deadlineOf(run, startedAt);
  return deadline !== undefined && now > deadline + POLICY.deadlineGraceMs;
};

const overdue = (): Become => ({
  do: "become",
  status: "Stopping",
  endCause: "duration_reached",
  reason: END_REASONS.duration_reached,
});

const running = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  switch (seen.kind) {
    case "nothing":
    case "ready":
    case "foreign":
      return [failed(now, "master_restarted", "Locust answers, but no longer knows this run: its master was restarted.")];
    case "dead":
      return [failed(now, seen.code, seen.message, seen.logTail)];
    case "unreachable":
      return lost(run, seen, facts) ?? [{ do: "health", health: "unknown", message: seen.message }];
    case "load": {
      const { load } = seen;
      if (load.phase === "stopping" || load.phase === "ended") return [stopping(run, load)];
      if (pastDeadline(run, load.testStartedAt ?? run.startedAt, now)) return [overdue()];
      const wanted = run.commandedLoad;
      const actions: Action[] = [healthOf(seen)];
      if (wanted !== undefined && load.targetUsers !== undefined && load.targetUsers !== wanted.targetUsers) {
        actions.push({ do: "setUsers", targetUsers: wanted.targetUsers, spawnRate: wanted.spawnRate });
      }
      return actions;
    }
  }
};

/** What silence proves, if anything: refused connections soon, mere silence only after all load must have ended. */
const lost = (run: LoadTestRun, seen: Seen<"unreachable">, facts: Facts): Action[] | undefined => {
  const { now } = facts;
  const certain = killAt(run);
  const gone =
    (seen.refused && facts.unreachableForMs >= POLICY.refusedMs) ||
    (certain === undefined ? facts.unreachableForMs >= POLICY.silenceMs : now > certain);
  if (!gone) return undefined;
  return [{ do: "kill" }, failed(now, "master_lost", `The Locust master is lost: ${seen.message}`)];
};

const stoppingRun = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  const { now } = facts;
  const due = (run.stoppingAt ?? now) + run.stopTimeoutSeconds * 1000 + POLICY.killGraceMs;
  switch (seen.kind) {
    case "unreachable":
      return (
        lost(run, seen, facts) ?? [
          ...(facts.stopSentAgoMs > POLICY.stopAgainMs ? [{ do: "stop" } as const] : []),
          { do: "health", health: "unknown", message: seen.message },
        ]
      );
    case "nothing":
    case "ready":
    case "foreign":
    case "dead":
      return facts.finalsIn || facts.endSeenForMs >= POLICY.finalsMs ? [ended(run, now)] : [];
    case "load": {
      const { load } = seen;
      if (load.phase === "ended") {
        return facts.finalsIn || facts.endSeenForMs >= POLICY.finalsMs ? [ended(run, load.endedAt ?? now)] : [];
      }
      if (now > due + POLICY.killGraceMs) {
        return [{ do: "kill" }, failed(now, "stop_not_confirmed", "Locust was told to stop, and did not.")];
      }
      if (now > due) return [{ do: "kill" }];
      return facts.stopSentAgoMs > POLICY.stopAgainMs ? [{ do: "stop" }] : [];
    }
  }
};

/**
 * Decides what to do about a run that is Starting, Running or Stopping, from what is stored and what is seen.
 * Pure. Every action may be repeated: after an unknown outcome the next look decides again.
 */
export const reconcile = (run: LoadTestRun, seen: Observation, facts: Facts): Action[] => {
  switch (run.status) {
    case "Starting":
      return starting(run, seen, facts);
    case "Running":
      return running(run, seen, facts);
    case "Stopping":
      return stoppingRun(run, seen, facts);
    default:
      return [];
  }
};
