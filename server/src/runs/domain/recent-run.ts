import type { RecentRun } from "@load-manager/contract/model/load-test.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";

/** The summary of a run without metrics. */
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
  workers: { expected: null, lost: null },
};

/** What the load test keeps of an ended run. */
export const recentRunOf = (run: LoadTestRun, summary: RunSummary): RecentRun => ({
  id: run.id,
  runNumber: run.runNumber ?? 0,
  name: run.name,
  status: run.status,
  verdict: run.verdict,
  ...(run.targetUsers === undefined ? {} : { targetUsers: run.targetUsers }),
  ...(run.spawnRate === undefined ? {} : { spawnRate: run.spawnRate }),
  ...(run.durationSeconds === undefined ? {} : { durationSeconds: run.durationSeconds }),
  ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
  finishedAt: run.finishedAt ?? run.updatedAt,
  createdAt: run.createdAt,
  createdBy: run.createdBy,
  totalRequests: summary.totalRequests,
  requestsPerSec: summary.requestsPerSec,
  errorRate: summary.errorRate,
  p95ResponseMs: summary.p95ResponseMs,
});

const KEPT = 10;

const newestFirst = (a: RecentRun, b: RecentRun): number =>
  b.createdAt - a.createdAt ||
  b.runNumber - a.runNumber ||
  (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);

/** The 10 newest by creation, newest first, in whatever order runs end. A run that is in the list already is replaced. */
export const withRecentRun = (
  recentRuns: readonly RecentRun[],
  recentRun: RecentRun,
): RecentRun[] =>
  [...recentRuns.filter((run) => run.id !== recentRun.id), recentRun]
    .toSorted(newestFirst)
    .slice(0, KEPT);
