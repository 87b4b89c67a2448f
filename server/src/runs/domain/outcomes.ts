import type { StopCause } from "@load-manager/contract/locust.ts";
import { type ReasonCode, REASONS } from "@load-manager/contract/reasons.ts";
import type { EndCause, LoadTestRun, StatusReason } from "@load-manager/contract/run.ts";
import type { Failing, LoadState } from "../../clusters/port.ts";
import type { Become } from "./actions.ts";

const reason = (
  code: ReasonCode,
  message: string = REASONS[code],
  logTail?: readonly string[],
): StatusReason =>
  logTail === undefined || logTail.length === 0
    ? { code, message }
    : { code, message, logTail: [...logTail] };

const END_CAUSES: Record<StopCause, EndCause> = {
  deadline: "duration_reached",
  shape_ended: "shape_ended",
  manager: "stopped_by_user",
  locust_ui: "stopped_at_locust",
  autostop: "auto_stop_errors",
  no_workers: "failed",
};

/** What a person reads about each cause of an end. */
export const END_REASONS: Record<EndCause, StatusReason> = {
  duration_reached: reason("duration_reached"),
  shape_ended: reason("shape_ended"),
  stopped_by_user: reason("stopped_by_user"),
  stopped_at_locust: reason("stopped_at_locust"),
  auto_stop_errors: reason("auto_stop_errors"),
  failed: reason("no_workers", "Locust lost its last worker, and stopped."),
};

const tooManyFailed = (failing: Failing): StatusReason => ({
  ...reason(
    "auto_stop_errors",
    `It was stopped because ${failing.failures} of ${failing.requests} requests (${failing.failedPercent} %) failed within ${failing.windowSeconds} s.`,
  ),
  data: { ...failing },
});

/** Why there was no request, as far as the script tells. */
const noRequests = (load?: LoadState): StatusReason => {
  const error = load?.scriptError;
  if (error === undefined) {
    return reason(
      "no_requests",
      "Not one request was completed; look at the script, at the target and at Locust's log.",
    );
  }
  return error.onStart
    ? reason("script_failed_on_start", `The script raises in on_start: ${error.message}`)
    : reason("no_requests", `Not one request was completed; the script raises: ${error.message}`);
};

export const runningSince = (load: LoadState, now: number): Become => ({
  do: "become",
  status: "Running",
  startedAt: load.testStartedAt ?? now,
  load,
});

const stoppingAs = (
  run: LoadTestRun,
  endCause: EndCause,
  load: LoadState | undefined,
  startedAt?: number,
): Become => {
  const byHand = endCause === "stopped_by_user" || endCause === "stopped_at_locust";
  const neverRan = run.status === "Starting" && (load?.requests ?? 0) === 0 && !byHand;
  const known =
    endCause === "auto_stop_errors" && load?.failing !== undefined
      ? tooManyFailed(load.failing)
      : END_REASONS[endCause];
  return {
    do: "become",
    status: "Stopping",
    endCause: neverRan ? "failed" : endCause,
    reason: neverRan && endCause !== "failed" ? noRequests(load) : known,
    ...(startedAt === undefined ? {} : { startedAt }),
  };
};

/** Locust has stopped, or is stopping, without a stop of ours. */
export const stoppedAtLocust = (run: LoadTestRun, load: LoadState): Become =>
  stoppingAs(run, END_CAUSES[load.stopCause ?? "locust_ui"], load, load.testStartedAt);

/** It has ended at Locust, and something else is going on there. */
export const endedThere = (run: LoadTestRun, stopCause: StopCause): Become =>
  stoppingAs(run, END_CAUSES[stopCause], undefined);

/** Locust's callback says that load has ended; `requests` that have been counted prove that there was any. */
export const toldEnd = (
  run: LoadTestRun,
  durationReached: boolean,
  requests: number,
): Pick<Extract<Become, { readonly status: "Stopping" }>, "endCause" | "reason"> => {
  if (!durationReached)
    return { endCause: "stopped_at_locust", reason: END_REASONS.stopped_at_locust };
  return run.status === "Starting" && requests === 0
    ? { endCause: "failed", reason: noRequests() }
    : { endCause: "duration_reached", reason: END_REASONS.duration_reached };
};

/** The deadline has passed and load goes on. */
export const overdue = (run: LoadTestRun, load?: LoadState): Become =>
  stoppingAs(run, "duration_reached", load);

/** Locust says that it runs, and nothing moves. */
export const neverBegan = (load: LoadState): Become => ({
  do: "become",
  status: "Stopping",
  endCause: "failed",
  reason: noRequests(load),
});

/** The server's own judgement, where the plugin is not there, or has not stopped it. */
export const failingAs = (failing: Failing): Become => ({
  do: "become",
  status: "Stopping",
  endCause: "auto_stop_errors",
  reason: tooManyFailed(failing),
});

export const failedBecause = (
  now: number,
  code: ReasonCode,
  message?: string,
  logTail?: readonly string[],
): Become => ({
  do: "become",
  status: "Failed",
  reason: reason(code, message, logTail),
  finishedAt: now,
});

/** The terminal state that the cause of the end picks. */
export const endedAs = (run: LoadTestRun, finishedAt: number): Become => {
  const cause = run.endCause ?? "failed";
  const status =
    cause === "failed"
      ? "Failed"
      : cause === "duration_reached" || cause === "shape_ended"
        ? "Finished"
        : "Stopped";
  return { do: "become", status, reason: run.statusReason ?? END_REASONS[cause], finishedAt };
};
