import type { RecentRun } from "@load-manager/contract/load-test.ts";
import type { RunSummary } from "@load-manager/contract/run.ts";
import type { LoadTestStore } from "../../stores/ports.ts";

/** The summary of a run of which nothing was counted. */
export const NO_STATS: RunSummary = {
  totalRequests: 0,
  totalFailures: 0,
  timedRequests: 0,
  requestsPerSec: null,
  errorRate: null,
  avgResponseMs: null,
  minResponseMs: null,
  maxResponseMs: null,
  p50ResponseMs: null,
  p90ResponseMs: null,
  p95ResponseMs: null,
  p99ResponseMs: null,
  maxUsers: 0,
  complete: false,
  gaps: [],
  workers: { expected: null, lost: 0 },
};

const KEPT = 10;

const newestFirst = (a: RecentRun, b: RecentRun): number =>
  b.createdAt - a.createdAt ||
  b.runNumber - a.runNumber ||
  (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** The 10 newest by creation, newest first, whatever the order in which runs end; a run that is there already is replaced. */
export const withRecentRun = (
  recentRuns: readonly RecentRun[],
  recentRun: RecentRun,
): RecentRun[] =>
  [...recentRuns.filter((run) => run.id !== recentRun.id), recentRun]
    .toSorted(newestFirst)
    .slice(0, KEPT);

/** Changes the list until nobody else wrote in between; a load test that is gone has nothing to change. */
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

/** Adds an ended run to its load test. May be repeated: the same run is there once. `now`: Unix ms. */
export const updateRecentRuns = (
  loadTests: LoadTestStore,
  loadTestId: string,
  recentRun: RecentRun,
  now: number,
): Promise<void> =>
  change(loadTests, loadTestId, now, (recentRuns) => withRecentRun(recentRuns, recentRun));

/** Takes a deleted run out of its load test. */
export const withoutRun = (
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
