import type { CreateRun } from "@load-manager/contract/api/run.ts";
import type { Criterion } from "@load-manager/contract/model/criterion.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { assertWindowsFit, windowTooLong, withIds } from "../../lib/criteria.ts";
import { invalid } from "../../lib/errors.ts";

type Load = {
  readonly [K in "durationSeconds" | "maxDurationSec"]?: LoadTestRun[K] | undefined;
};

/**
 * The criteria of a new run: its own, else the load test's. Throws AppError validation where a window is longer than the load; of
 * the load test's criteria the fault is the duration of the run.
 */
export const criteriaOfRun = (
  { criteria: ofLoadTest = [] }: LoadTest,
  { criteria: own, loadProfile }: CreateRun,
  { durationSeconds, maxDurationSec }: Load,
): Criterion[] | undefined => {
  const seconds = durationSeconds ?? maxDurationSec;
  if (own !== undefined) {
    assertWindowsFit(own, seconds);
    return withIds(own);
  }
  const tooLong = windowTooLong(ofLoadTest, seconds);
  if (tooLong === undefined) return ofLoadTest.length === 0 ? undefined : ofLoadTest;
  const { expression = "" } = ofLoadTest[tooLong.index] ?? {};
  const stages = loadProfile?.kind === "stages";
  throw invalid(
    stages ? "loadProfile.stages" : "durationSeconds",
    `must be at least ${tooLong.needed} s${stages ? " together" : ""}, for the load test's criterion ${expression}; or give the run criteria of its own`,
  );
};
