import type { RecentRun } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import { withRecentRun } from "../domain/recent-run.ts";

/** Changes the list, and starts over where somebody else wrote in between. Does nothing where the load test is gone. */
const change = async (
  loadTests: LoadTestStore,
  loadTestId: string,
  now: number,
  decide: (recentRuns: readonly RecentRun[]) => readonly RecentRun[],
): Promise<void> => {
  for (;;) {
    const loadTest = await loadTests.get(loadTestId);
    if (loadTest === undefined) return;
    const next = decide(loadTest.recentRuns);
    if (next === loadTest.recentRuns) return;
    const updatedAt = Math.max(now, loadTest.updatedAt);
    if (await loadTests.setRecentRuns(loadTestId, loadTest.recentRunsVersion, next, updatedAt))
      return;
  }
};

/** Adds an ended run to its load test. May be repeated: the run is in the list once. `now`: Unix ms. */
export const updateRecentRuns = (
  loadTests: LoadTestStore,
  loadTestId: string,
  recentRun: RecentRun,
  now: number,
): Promise<void> =>
  change(loadTests, loadTestId, now, (recentRuns) => withRecentRun(recentRuns, recentRun));

/** Removes a deleted run from its load test. `now`: Unix ms. */
export const removeRecentRun = (
  loadTests: LoadTestStore,
  loadTestId: string,
  runId: string,
  now: number,
): Promise<void> =>
  change(loadTests, loadTestId, now, (recentRuns) =>
    recentRuns.some((run) => run.id === runId)
      ? recentRuns.filter((run) => run.id !== runId)
      : recentRuns,
  );
