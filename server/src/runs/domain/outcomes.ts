import type { StopCause } from "@load-manager/contract/plugin/protocol.ts";
import { type ReasonCode, REASONS } from "@load-manager/contract/model/reasons.ts";
import type { EndCause, LoadTestRun, StatusReason } from "@load-manager/contract/model/run.ts";
import type { Transition } from "./actions.ts";
import type { AutoStopEvidence, LoadState } from "./observation.ts";

type End = {
  /** What the plugin calls this end. */
  readonly stopCause: StopCause;
  readonly status: "Finished" | "Stopped" | "Failed";
  readonly code: ReasonCode;
  readonly message?: string;
};

/** Every way in which load ends: stop cause (plugin) → end cause (run) → final status and reason. */
const ENDS: Readonly<Record<EndCause, End>> = {
  duration_reached: { stopCause: "deadline", status: "Finished", code: "duration_reached" },
  shape_ended: { stopCause: "shape_ended", status: "Finished", code: "shape_ended" },
  stopped_by_user: { stopCause: "manager", status: "Stopped", code: "stopped_by_user" },
  stopped_at_locust: { stopCause: "locust_ui", status: "Stopped", code: "stopped_at_locust" },
  auto_stop_errors: { stopCause: "auto_stop", status: "Stopped", code: "auto_stop_errors" },
  failed: {
    stopCause: "no_workers",
    status: "Failed",
    code: "no_workers",
    message: "Locust lost its last worker, and stopped.",
  },
};

const endCauseOf = (stopCause: StopCause): EndCause => {
  const causes = Object.keys(ENDS) as EndCause[];
  return causes.find((cause) => ENDS[cause].stopCause === stopCause) ?? "failed";
};

type Reason = StatusReason & { readonly code: ReasonCode };

const reasonOf = (
  code: ReasonCode,
  message: string = REASONS[code],
  logTail?: readonly string[],
): Reason =>
  logTail === undefined || logTail.length === 0
    ? { code, message }
    : { code, message, logTail: [...logTail] };

const endReason = (cause: EndCause): Reason => reasonOf(ENDS[cause].code, ENDS[cause].message);

const tooManyFailed = (evidence: AutoStopEvidence): Reason => ({
  ...reasonOf(
    "auto_stop_errors",
    `Auto-stop ended the run: ${evidence.failures} of ${evidence.requests} requests (${evidence.failedPercent} %) failed within ${evidence.windowSeconds} s.`,
  ),
  data: { ...evidence },
});

/** Why no request completed, as far as the script's exceptions explain it. */
const noRequests = (load?: LoadState): Reason => {
  const error = load?.scriptError;
  if (error === undefined) {
    return reasonOf(
      "no_requests",
      "No request completed. Check the script, the target and Locust's log.",
    );
  }
  return error.onStart
    ? reasonOf("script_failed_on_start", `The script raises in on_start: ${error.message}`)
    : reasonOf("no_requests", `No request completed. The script raises: ${error.message}`);
};

export const runningSince = (load: LoadState, now: number): Transition => ({
  do: "transition",
  status: "Running",
  startedAt: load.testStartedAt ?? now,
});

const stopping = (endCause: EndCause, reason: Reason, startedAt?: number): Transition => ({
  do: "transition",
  status: "Stopping",
  endCause,
  reason,
  ...(startedAt === undefined ? {} : { startedAt }),
});

const stoppingAs = (
  run: LoadTestRun,
  endCause: EndCause,
  load: LoadState | undefined,
  startedAt?: number,
): Transition => {
  const byHand = endCause === "stopped_by_user" || endCause === "stopped_at_locust";
  const neverRan = run.status === "Starting" && (load?.requests ?? 0) === 0 && !byHand;
  if (neverRan && endCause !== "failed") return stopping("failed", noRequests(load), startedAt);
  const evidence = endCause === "auto_stop_errors" ? load?.autoStopEvidence : undefined;
  const reason = evidence === undefined ? endReason(endCause) : tooManyFailed(evidence);
  return stopping(endCause, reason, startedAt);
};

/** Locust has stopped, or is stopping, and the server sent no stop. */
export const stoppedByLocust = (run: LoadTestRun, load: LoadState): Transition =>
  stoppingAs(run, endCauseOf(load.stopCause ?? "locust_ui"), load, load.testStartedAt);

/** The run has ended at Locust, which works on something else by now. */
export const endedBefore = (run: LoadTestRun, stopCause: StopCause): Transition =>
  stoppingAs(run, endCauseOf(stopCause), undefined);

/** The end that Locust's test-stop callback reports. `requests`: how many have been counted for the run. */
export const endOfCallback = (
  run: LoadTestRun,
  durationReached: boolean,
  requests: number,
): { readonly endCause: EndCause; readonly reason: StatusReason } => {
  if (!durationReached) {
    return { endCause: "stopped_at_locust", reason: endReason("stopped_at_locust") };
  }
  return run.status === "Starting" && requests === 0
    ? { endCause: "failed", reason: noRequests() }
    : { endCause: "duration_reached", reason: endReason("duration_reached") };
};

/** The deadline has passed and the load goes on. */
export const overdue = (run: LoadTestRun, load?: LoadState): Transition =>
  stoppingAs(run, "duration_reached", load);

/** Locust reports that it runs, and no request completes. */
export const neverBegan = (load: LoadState): Transition => stopping("failed", noRequests(load));

/** The server's own auto-stop, for a cluster without the plugin or a plugin that has not acted. */
export const autoStopped = (evidence: AutoStopEvidence): Transition =>
  stopping("auto_stop_errors", tooManyFailed(evidence));

export const failedBecause = (
  now: number,
  code: ReasonCode,
  message?: string,
  logTail?: readonly string[],
): Transition => ({
  do: "transition",
  status: "Failed",
  reason: reasonOf(code, message, logTail),
  finishedAt: now,
});

/** A person or a program asked for the end. */
export const stoppedBy = (name: string, why: string | undefined): Reason =>
  reasonOf("stopped_by_user", `Stopped by ${name}${why === undefined ? "" : `: ${why}`}.`);

export const expired = (): Reason => reasonOf("expired");

export const clusterUnknown = (clusterId: string): Reason =>
  reasonOf("cluster_unknown", `The cluster ${clusterId} is no longer configured.`);

/** Why the first run of the queue waits although a slot is free. */
export const clusterBusy = (message = "Locust is busy."): Reason => ({
  ...reasonOf("cluster_busy", message),
  position: 1,
});

export const hostLost = (hostId: string | undefined): Reason =>
  reasonOf(
    "host_lost",
    `The machine ${hostId ?? ""} that started this run has not been heard of; by now the load must have ended.`,
  );

/** The final status that the stored end cause picks. */
export const ended = (run: LoadTestRun, finishedAt: number): Transition => {
  const cause = run.endCause ?? "failed";
  const reason = run.statusReason ?? endReason(cause);
  return { do: "transition", status: ENDS[cause].status, reason, finishedAt };
};
