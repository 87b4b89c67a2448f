import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { plannedUsersAt } from "@load-manager/contract/model/load-profile.ts";

type Load = Pick<RunAnswer, "loadProfile" | "targetUsers" | "commandedLoad">;

/** The users that a run should have so many seconds after its load started; `undefined` where the script's shape decides. */
export const targetUsersAt = (
  { loadProfile, targetUsers, commandedLoad }: Load,
  seconds: number,
): number | undefined =>
  loadProfile.kind === "stages"
    ? plannedUsersAt(loadProfile.stages, seconds)
    : (commandedLoad?.targetUsers ?? targetUsers);
