import type { DataPoint } from "@load-manager/contract/api/metrics.ts";
import { errorRate, type Responses, viewOf } from "../codec/stats.ts";
import { percentile } from "../codec/histogram.ts";
import type { QueriedWindow } from "./window.ts";

/**
 * The points of a chart: one for each bucket from the window's first to its last. Values of a bucket without samples are
 * null; rates also where no whole second of it lies in the load time.
 */
export const pointsOf = (
  { windowAggregate, window, step }: Pick<QueriedWindow, "windowAggregate" | "window" | "step">,
  key: string,
  responses: Responses,
): DataPoint[] => {
  const points: DataPoint[] = [];
  for (let start = Math.floor(window.from / step) * step; start <= window.to; start += step) {
    const run = windowAggregate.run.get(start);
    const totals = windowAggregate.totals.get(start)?.get(key);
    const view = viewOf(totals === undefined ? [] : [totals], responses);
    const { requests, failures } = windowAggregate.rated.get(start)?.get(key) ?? {
      requests: 0,
      failures: 0,
    };
    const rated = { all: requests, ok: requests - failures, failed: failures }[responses];
    const p = (rank: number): number | null => percentile(view.histogram, rank, view.bounds);
    const whole = run?.whole ?? 0;
    points.push({
      timestamp: start * 1000,
      totalRps: whole === 0 ? null : rated / whole,
      currentUsers: run?.users ?? null,
      errorRate: errorRate(view.requests, view.failures),
      errorsPerSec: whole === 0 ? null : (responses === "ok" ? 0 : failures) / whole,
      avgResponseMs: view.avgMs,
      p50ResponseMs: p(50),
      p95ResponseMs: p(95),
      p99ResponseMs: p(99),
    });
  }
  return points;
};
