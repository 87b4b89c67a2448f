import { durationOfStages } from "@load-manager/contract/model/load-profile.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { invalid } from "./errors.ts";

type Timed = Pick<LoadTest, "loadProfile" | "defaultDurationSec" | "maxDurationSec">;

/** Throws AppError validation where a load test lasts longer than it lets its runs last. */
export const assertDuration = ({
  defaultDurationSec,
  maxDurationSec,
  loadProfile,
}: Timed): void => {
  if (maxDurationSec === undefined) return;
  if (loadProfile.kind === "stages") {
    const seconds = durationOfStages(loadProfile.stages);
    if (seconds > maxDurationSec) {
      const message = `last ${seconds} s; must be at most maxDurationSec, which is ${maxDurationSec}`;
      throw invalid("loadProfile.stages", message);
    }
  }
  if (defaultDurationSec === undefined) return;
  if (defaultDurationSec > maxDurationSec) {
    throw invalid(
      "defaultDurationSec",
      `must be at most maxDurationSec, which is ${maxDurationSec}`,
    );
  }
};

/** How long the load of a run without settings of its own lasts at most; `undefined`: the server's limit. */
export const longestLoad = ({
  loadProfile,
  defaultDurationSec,
  maxDurationSec,
}: Timed): number | undefined => {
  if (loadProfile.kind === "stages") return durationOfStages(loadProfile.stages);
  return loadProfile.kind === "constant" ? (defaultDurationSec ?? maxDurationSec) : maxDurationSec;
};
