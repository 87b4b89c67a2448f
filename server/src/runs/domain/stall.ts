import type { Observation } from "../../clusters/port.ts";

/** How many requests were known when their number last rose, and when that was, on the monotonic clock. */
export type KnownProgress = { readonly requests: number; readonly at: number };

/** For how long the number of completed requests has not risen; counted while Locust says that it runs. */
export const stalledFor = (
  seen: Observation,
  requestsSeen: number,
  memory: { progress?: KnownProgress | undefined },
  mono: number,
): number => {
  if (seen.kind !== "load" || seen.load.phase !== "running") {
    memory.progress = undefined;
    return 0;
  }
  const requests = Math.max(seen.load.requests, requestsSeen);
  const known = memory.progress;
  if (known === undefined || requests > known.requests) memory.progress = { requests, at: mono };
  return mono - (memory.progress?.at ?? mono);
};
