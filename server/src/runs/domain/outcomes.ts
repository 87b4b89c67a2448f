import type { ScriptError, StopCause } from "@load-manager/contract/plugin/protocol.ts";
import { type ReasonCode, REASONS } from "@load-manager/contract/model/reasons.ts";
import type { EndCause, LoadTestRun, StatusReason } from "@load-manager/contract/model/run.ts";
import type { Transition } from "./actions.ts";
import type { AutoStopEvidence, CriterionBreach, LoadState } from "./observation.ts";

type FinalStatus = "Finished" | "Stopped" | "Failed";

/** The final status of a run that has requests, by its end cause. */
const STATUSES: Readonly<Record<EndCause, FinalStatus>> = {
  duration_reached: "Finished",
  shape_ended: "Finished",
  users_finished: "Finished",
  stopped_by_user: "Stopped",
  stopped_at_locust: "Stopped",
  stopped_by_script: "Stopped",
  auto_stop_errors: "Stopped",
  criterion_failed: "Stopped",
  failed: "Failed",
};

type End = { readonly endCause: EndCause; readonly code: ReasonCode; readonly message?: string };

const endsAs = (endCause: Exclude<EndCause, "failed">): End => ({ endCause, code: endCause });

/** Every way in which load ends: what the plugin calls it → end cause and reason. */
const ENDS: Readonly<Record<StopCause, End>> = {
  deadline: endsAs("duration_reached"),
  shape_ended: endsAs("shape_ended"),
  shape_failed: { endCause: "failed", code: "shape_failed" },
  users_finished: endsAs("users_finished"),
  manager: endsAs("stopped_by_user"),
  locust_ui: endsAs("stopped_at_locust"),
  script: endsAs("stopped_by_script"),
  auto_stop: endsAs("auto_stop_errors"),
  no_workers: {
    endCause: "failed",
    code: "no_workers",
    message: "Locust lost its last worker, and stopped.",
  },
  master_ended: {
    endCause: "failed",
    code: "master_lost",
    message: "The Locust master was ended, by a signal or Ctrl-C.",
  },
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

const endReason = (cause: StopCause): Reason => reasonOf(ENDS[cause].code, ENDS[cause].message);

const count = (value: number): string => value.toLocaleString("en-US");

const tooManyFailed = (evidence: AutoStopEvidence): Reason => ({
  ...reasonOf(
    "auto_stop_errors",
    `Auto-stop ended the run: ${count(evidence.failures)} of ${count(evidence.requests)} requests (${evidence.failedPercent} %) failed within ${evidence.windowSeconds} s.`,
  ),
  data: { ...evidence },
});

/** Why no request completed, as far as the script's exceptions explain it. */
const noRequests = (error: ScriptError | undefined): Reason => {
  if (error === undefined) {
    return reasonOf(
      "no_requests",
      "No request completed. Check the script, the target and Locust's log.",
    );
  }
  if (error.spawning) {
    return reasonOf(
      "spawn_failed",
      `No user could be started. The script raises: ${error.message}`,
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

type Stopping = Extract<Transition, { readonly status: "Stopping" }>;

const stopping = (endCause: EndCause, reason: Reason, startedAt?: number): Stopping => ({
  do: "transition",
  status: "Stopping",
  endCause,
  reason,
  ...(startedAt === undefined ? {} : { startedAt }),
});

/** Locust's page names nobody. */
const STOPPED_BY_UNKNOWN =
  "Locust's page shows that the load was stopped. Without the plugin it cannot be told by whom: by somebody in that page, by the script, by Locust's own timer, or by a master that was started again.";

const stoppingAs = (run: LoadTestRun, stopCause: StopCause, load?: LoadState): Stopping => {
  const evidence = stopCause === "auto_stop" ? load?.autoStopEvidence : undefined;
  const shapeError = stopCause === "shape_failed" ? load?.shapeError : undefined;
  const reason =
    evidence !== undefined
      ? tooManyFailed(evidence)
      : shapeError !== undefined
        ? reasonOf("shape_failed", `The script's LoadTestShape raises: ${shapeError}`)
        : endReason(stopCause);
  const hasBegun = run.status === "Starting" && load !== undefined && load.requests > 0;
  return stopping(ENDS[stopCause].endCause, reason, hasBegun ? load.testStartedAt : undefined);
};

/** Locust has stopped, or is stopping, and the server sent no stop. */
export const stoppedByLocust = (run: LoadTestRun, load: LoadState): Transition => {
  const transition = stoppingAs(run, load.stopCause ?? "locust_ui", load);
  return load.polledSnapshot === undefined
    ? transition
    : { ...transition, reason: { ...transition.reason, message: STOPPED_BY_UNKNOWN } };
};

/** The run has ended at Locust, which works on something else by now, or is gone. */
export const endedBefore = (run: LoadTestRun, stopCause: StopCause): Transition =>
  stoppingAs(run, stopCause);

/** The end that Locust's test-stop callback reports. It tells a stop from the end of Locust's own run time only by `autoStopped`. */
export const endOfCallback = (
  durationReached: boolean,
): { readonly endCause: EndCause; readonly reason: StatusReason } => {
  if (durationReached) {
    return { endCause: ENDS.deadline.endCause, reason: endReason("deadline") };
  }
  const message =
    "Locust reported the end of the test: its own run time was over, or somebody stopped it there. The callback does not say which.";
  return { endCause: ENDS.locust_ui.endCause, reason: reasonOf(ENDS.locust_ui.code, message) };
};

/** The deadline has passed and the load goes on. */
export const overdue = (run: LoadTestRun, load?: LoadState): Transition =>
  stoppingAs(run, "deadline", load);

/** Locust reports that it runs, and no request completes. */
export const neverBegan = (load: LoadState): Transition =>
  stopping("failed", noRequests(load.scriptError));

/** All workers ended with an error, and no request completed; Locust may not have noticed, or have stopped for that. */
export const workersFailed = ({
  requests,
  stopCause = "no_workers",
  workersFailed: failed,
}: LoadState): Transition | undefined =>
  failed === undefined || requests > 0 || (stopCause !== "no_workers" && stopCause !== "deadline")
    ? undefined
    : stopping("failed", reasonOf("no_workers", failed.message, failed.logTail));

/** The server's own auto-stop, for a cluster without the plugin or a plugin that has not acted. */
export const autoStopped = (evidence: AutoStopEvidence): Transition =>
  stopping("auto_stop_errors", tooManyFailed(evidence));

/** A criterion with abort has been violated for its time. */
export const criterionFailed = ({ id, expression, ...evidence }: CriterionBreach): Transition => {
  const { observed, limit, fromMs, toMs } = evidence;
  const seconds = Math.round((toMs - fromMs) / 1000);
  const message = `The criterion ${expression} was violated for ${seconds} s: the figure is ${Math.round(observed * 100) / 100}.`;
  const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
  return stopping("criterion_failed", {
    ...reasonOf("criterion_failed", message),
    data: { id, expression, observed, limit, from, to },
  });
};

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

/** A setting of the run does not fit the script or its Locust; no load of the run was started. */
export const settingRefused = (
  now: number,
  message: string,
  field: string | undefined,
): Transition => {
  const reason = reasonOf("setting_refused", message);
  return {
    do: "transition",
    status: "Failed",
    reason: field === undefined ? reason : { ...reason, data: { field } },
    finishedAt: now,
  };
};

/** A person or a program asked for the end. */
export const stoppedBy = (name: string, why: string | undefined): Reason =>
  reasonOf("stopped_by_user", `Stopped by ${name}${why === undefined ? "" : `: ${why}`}.`);

export const expired = (): Reason => reasonOf("expired");

export const clusterUnknown = (clusterId: string): Reason =>
  reasonOf("cluster_unknown", `The cluster ${clusterId} is no longer configured.`);

/** Why the first run of the queue waits although a slot is free. */
export const clusterBusy = (message = "Locust is busy.", expectedStartAt?: number): Reason => ({
  ...reasonOf("cluster_busy", message),
  position: 1,
  ...(expectedStartAt === undefined ? {} : { expectedStartAt }),
});

export const hostLost = (hostId: string | undefined): Reason =>
  reasonOf(
    "host_lost",
    `The machine ${hostId ?? ""} that started this run has not been heard of; by now the load must have ended.`,
  );

/** What is known of a load that has ended. `requests`: `undefined` where the metrics cannot be read. */
export type EndedLoad = {
  readonly requests: number | undefined;
  readonly scriptError: ScriptError | undefined;
};

/** Ends that need no request: somebody decided them, or they are failures that the script's exception does not explain. */
const needsNoRequest = ({ endCause, statusReason }: LoadTestRun, error?: ScriptError): boolean => {
  const kept = error !== undefined && (error.spawning || error.onStart);
  if (statusReason?.code === "shape_failed") return true;
  if (statusReason?.code === "no_workers" || endCause === "stopped_by_script") return !kept;
  return STATUSES[endCause ?? "failed"] !== "Finished";
};

/** The reason that was given when the stop was decided, with what has become known since. */
const completed = (reason: StatusReason, { requests, scriptError }: EndedLoad): StatusReason => {
  if (reason.code === "no_requests" && (requests ?? 0) > 0) {
    const message = `No request completed before the stop; ${requests} completed after it.`;
    return { ...reason, message };
  }
  // A worker's log has it already.
  const isExplained = reason.logTail !== undefined;
  return reason.code === "no_workers" && scriptError?.endsProcess === true && !isExplained
    ? { ...reason, message: `${reason.message} The script raises: ${scriptError.message}` }
    : reason;
};

/**
 * The final status, decided when all metrics are in: the stored end cause picks it, but a run in which no request completed
 * is Failed. `startedAt` is set where a run never was Running and has requests all the same.
 */
export const ended = (run: LoadTestRun, finishedAt: number, load: EndedLoad): Transition => {
  const cause = run.endCause ?? "failed";
  const reason = run.statusReason ?? reasonOf(cause === "failed" ? "end_unknown" : cause);
  const { requests, scriptError } = load;
  const neverRan = run.startedAt === undefined && requests === 0;
  if (neverRan && !needsNoRequest(run, scriptError)) {
    return { do: "transition", status: "Failed", reason: noRequests(scriptError), finishedAt };
  }
  const began = run.startedAt === undefined && (requests ?? 0) > 0 ? run.loadStartedAt : undefined;
  return {
    do: "transition",
    status: STATUSES[cause],
    reason: completed(reason, load),
    finishedAt,
    ...(began === undefined ? {} : { startedAt: began }),
  };
};
