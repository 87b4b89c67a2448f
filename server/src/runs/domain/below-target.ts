import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { plannedUsersAt } from "@load-manager/contract/model/load-profile.ts";
import type { Observation } from "./observation.ts";

/** The users that the plan of the run's stages has now. */
const plannedNow = (run: LoadTestRun, ranMs: number | undefined): number | undefined =>
  run.loadProfile.kind === "stages" && ranMs !== undefined
    ? plannedUsersAt(run.loadProfile.stages, ranMs / 1000)
    : undefined;

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
 * a run of Load Manager the target. How fast a LoadTestShape starts its users is not known.
 */
export const isBelowTarget = (run: LoadTestRun, seen: Observation, now: number): boolean => {
  if (seen.kind !== "load" || seen.load.phase !== "running" || run.trigger === "external") {
    return false;
  }
  const { users, usersLeft, targetUsers, ranMs } = seen.load;
  if (run.loadProfile.kind !== "constant") {
    const planned = plannedNow(run, ranMs);
    return usersLeft !== undefined && planned !== undefined && users + usersLeft < planned;
  }
  const end = rampEndsAt(run);
  if (usersLeft === undefined || targetUsers === undefined || end === undefined) return false;
  return now > end && users + usersLeft < targetUsers;
};
