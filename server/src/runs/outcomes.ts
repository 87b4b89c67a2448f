import type { EndCause, LoadTestRun, StatusReason } from "@load-manager/contract/run.ts";
import type { LoadState } from "../clusters/port.ts";
import type { Become } from "./reconcile.ts";

const reason = (code: string, message: string, logTail?: readonly string[]): StatusReason =>
  logTail === undefined || logTail.length === 0
    ? { code, message }
    : { code, message, logTail: [...logTail] };

const END_CAUSES: Record<NonNullable<LoadState["stopCause"]>, EndCause> = {
  deadline: "duration_reached",
  shape_ended: "shape_ended",
  manager: "stopped_by_user",
  locust_ui: "stopped_at_locust",
  autostop: "auto_stop_errors",
  no_workers: "failed",
};

/** What a person reads about each cause of an end. */
export const END_REASONS: Record<EndCause, StatusReason> = {
  duration_reached: reason("duration_reached", "The duration was reached."),
  shape_ended: reason("shape_ended", "The script's load shape ended."),
  stopped_by_user: reason("stopped_by_user", "Somebody stopped it."),
  stopped_at_locust: reason("stopped_at_locust", "Somebody stopped it in Locust's own page."),
  auto_stop_errors: reason("auto_stop_errors", "It was stopped because too many requests failed."),
  failed: reason("no_workers", "Locust lost its last worker, and stopped."),
};

const NO_REQUESTS = reason(
  "no_requests",
  "Load ended before a single request had completed; look at the script and at Locust's log.",
);

export const runningSince = (load: LoadState, now: number): Become => ({
  do: "become",
  status: "Running",
  startedAt: load.testStartedAt ?? now,
  load,
});

const stoppingAs = (
  run: LoadTestRun,
  endCause: EndCause,
  requests: number,
  startedAt?: number,
): Become => {
  const byHand = endCause === "stopped_by_user" || endCause === "stopped_at_locust";
  const neverRan = run.status === "Starting" && requests === 0 && !byHand;
  return {
    do: "become",
    status: "Stopping",
    endCause: neverRan ? "failed" : endCause,
    reason: neverRan && endCause !== "failed" ? NO_REQUESTS : END_REASONS[endCause],
    ...(startedAt === undefined ? {} : { startedAt }),
  };
};

/** Locust has stopped, or is stopping, without a stop of ours. */
export const stoppedAtLocust = (run: LoadTestRun, load: LoadState): Become =>
  stoppingAs(run, END_CAUSES[load.stopCause ?? "locust_ui"], load.requests, load.testStartedAt);

/** The deadline has passed and load goes on. */
export const overdue = (run: LoadTestRun): Become => stoppingAs(run, "duration_reached", 0);

export const failedBecause = (
  now: number,
  code: string,
  message: string,
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
