import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Observation } from "./observation.ts";

/** When the users of the newest target must all have been started; `undefined` before the load has begun. */
const rampEndsAt = (run: LoadTestRun): number | undefined => {
  const phase = run.phases?.at(-1);
  if (phase === undefined) return undefined;
  const spawnRate = run.commandedLoad?.spawnRate ?? run.spawnRate ?? 1;
  return phase.kind === "ramp" && phase.targetUsers !== undefined
    ? phase.from + (phase.targetUsers / spawnRate) * 1000
    : phase.from;
};

/**
 * Whether fewer users run than should, not counting those that left by themselves. Only the plugin knows these, and only in
 * a run of Load Manager the target.
 */
export const isBelowTarget = (run: LoadTestRun, seen: Observation, now: number): boolean => {
  if (seen.kind !== "load" || seen.load.phase !== "running" || run.trigger === "external") {
    return false;
  }
  const { users, usersLeft, targetUsers } = seen.load;
  const end = rampEndsAt(run);
  if (usersLeft === undefined || targetUsers === undefined || end === undefined) return false;
  return now > end && users + usersLeft < targetUsers;
};
