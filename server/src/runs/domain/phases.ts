import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { LoadState } from "./observation.ts";

type Phases = NonNullable<LoadTestRun["phases"]>;

/**
 * The phases after this observation: a ramp to each target, then steady load; one phase for a load that follows a shape. `undefined`:
 * they have not changed.
 */
export const nextPhases = (run: LoadTestRun, load: LoadState, now: number): Phases | undefined => {
  const phases = run.phases ?? [];
  const last = phases.at(-1);
  const close = (at: number): Phases =>
    last === undefined || last.to !== undefined
      ? phases
      : [...phases.slice(0, -1), { ...last, to: at }];
  if (load.phase === "stopping" || load.phase === "ended") {
    return last === undefined || last.to !== undefined
      ? undefined
      : close(load.stopIssuedAt ?? now);
  }
  const { targetUsers } = load;
  if (load.loadStartedAt === undefined || targetUsers === undefined) return undefined;
  if (run.loadProfile.kind === "script") {
    return last === undefined ? [{ from: load.loadStartedAt, kind: "shape" }] : undefined;
  }
  if (last === undefined) return [{ from: load.loadStartedAt, targetUsers, kind: "ramp" }];
  if (last.targetUsers !== targetUsers)
    return [...close(now), { from: now, targetUsers, kind: "ramp" }];
  if (last.kind === "ramp" && load.users === targetUsers) {
    return [...close(now), { from: now, targetUsers, kind: "steady" }];
  }
  return undefined;
};
