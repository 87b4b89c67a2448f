import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { stopTimeoutOf } from "@load-manager/contract/model/stop-timeout.ts";
import { POLICY } from "./policy.ts";

type Limits = Pick<
  LoadTestRun,
  | "durationSeconds"
  | "maxDurationSec"
  | "startedAt"
  | "stopSentAt"
  | "startingAt"
  | "stopTimeoutSeconds"
>;

/** When the load must stop: Locust's test_start + duration, ramp-up included. `undefined`: no limit (external runs). */
export const deadlineOf = (run: Limits, startedAt = run.startedAt): number | undefined => {
  const seconds = run.durationSeconds ?? run.maxDurationSec;
  if (seconds === undefined || startedAt === undefined) return undefined;
  return startedAt + seconds * 1000;
};

/** When all load of this run must be gone, whatever has happened: the stop was due, and then the kill. */
export const killAt = (run: Limits): number | undefined => {
  const byDuration = deadlineOf(run, run.startedAt ?? run.startingAt);
  const start = run.startedAt === undefined ? POLICY.startTimeoutMs : 0;
  const byStop = run.stopSentAt;
  const due = Math.min(
    byDuration === undefined
      ? Number.POSITIVE_INFINITY
      : byDuration + start + POLICY.deadlineGraceMs,
    byStop ?? Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(due) ? due + stopTimeoutOf(run) * 1000 + POLICY.killGraceMs : undefined;
};
