import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { runOf } from "../../../stores/testing/fixtures.ts";
import type { ReportedRun } from "../reported-run.ts";

export const START = Date.UTC(2026, 10, 23, 10, 15, 4);

export const criterionOf = (fields: Partial<CriterionVerdict> = {}): CriterionVerdict => ({
  id: "c1",
  expression: "p95 < 300 ms",
  severity: "fail",
  verdict: "passed",
  observed: 180.4,
  limit: 300,
  unit: "ms",
  requests: 600,
  ...fields,
});

export const FAILED = criterionOf({ verdict: "failed", observed: 412.345 });
export const UNSURE = criterionOf({
  id: "c2",
  expression: "p99 < 1 s",
  verdict: "inconclusive",
  reason: { code: "few_values", message: "Too few requests.", requestsNeeded: 1000 },
});

const times = { avgResponseMs: 92.43, p50ResponseMs: 81, p90ResponseMs: 150, p95ResponseMs: 180 };
const stats = { ...times, minResponseMs: 12, maxResponseMs: 812, p99ResponseMs: 310 };
export const endpointOf = (name: string, p95ResponseMs: number, totalFailures = 0) => ({
  ...stats,
  method: "GET",
  name,
  totalRequests: 100,
  totalFailures,
  errorRate: totalFailures,
  requestsPerSec: 3.333_333,
  p95ResponseMs,
  avgContentBytes: null,
  lastSeenAt: null,
});

/** A settled run of 30 s. */
export const reportedOf = (
  fields: Partial<LoadTestRun> = {},
  more: Partial<ReportedRun> = {},
): ReportedRun => ({
  loadTestName: "Checkout",
  endpoints: [],
  ...more,
  run: runOf({
    status: "Finished",
    statusReason: { code: "duration_reached", message: "The duration was reached." },
    startedAt: START,
    loadStartedAt: START,
    loadEndedAt: START + 30_000,
    settledAt: START + 40_000,
    summary: {
      ...stats,
      totalRequests: 600,
      totalFailures: 3,
      timedRequests: 600,
      requestsPerSec: 20,
      errorRate: 0.5,
      maxUsers: 10,
      complete: true,
      gaps: [],
      workers: { expected: 1, lost: 0 },
    },
    ...fields,
  }),
});
