import type { RunAnswer } from "@load-manager/contract/api/run.ts";

export type RunFigures = {
  readonly users: number | null;
  readonly requestsPerSec: number | null;
  readonly errorRate: number | null;
  readonly p95ResponseMs: number | null;
  readonly totalRequests: number | null;
};

/** The figures of a run: of the whole run once it is settled, until then the newest. */
export const figuresOf = ({ summary, lastMetrics, targetUsers }: RunAnswer): RunFigures => ({
  users: targetUsers ?? summary?.maxUsers ?? lastMetrics?.currentUsers ?? null,
  requestsPerSec: summary === undefined ? (lastMetrics?.totalRps ?? null) : summary.requestsPerSec,
  errorRate: (summary ?? lastMetrics)?.errorRate ?? null,
  p95ResponseMs: (summary ?? lastMetrics)?.p95ResponseMs ?? null,
  totalRequests: (summary ?? lastMetrics)?.totalRequests ?? null,
});
