import type { Observation } from "./observation.ts";

/** The request count when it last rose, and when that was on the monotonic clock. */
export type Progress = { readonly requests: number; readonly at: number };

/**
 * The progress after this observation. It is tracked only while Locust reports that the load runs and users are wanted: a
 * load profile may have pauses. The count is the larger of Locust's own and of the metrics that have arrived.
 */
export const nextProgress = (
  progress: Progress | undefined,
  seen: Observation,
  requestsSeen: number,
  monotonicMs: number,
): Progress | undefined => {
  if (seen.kind !== "load" || seen.load.phase !== "running") return undefined;
  if (seen.load.targetUsers === 0) return undefined;
  const requests = Math.max(seen.load.requests, requestsSeen);
  return progress !== undefined && requests <= progress.requests
    ? progress
    : { requests, at: monotonicMs };
};
