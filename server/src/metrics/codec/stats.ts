import type { Stats } from "@load-manager/contract/metrics.ts";
import {
  addHistogram,
  bucketMean,
  emptyHistogram,
  type Histogram,
  percentile,
} from "./histogram.ts";
import type { Totals } from "./totals.ts";

export type Responses = "all" | "ok" | "failed";

/** Which answers are queried at: their histogram, count, and what is known of their times. */
export type View = {
  readonly requests: number;
  readonly failures: number;
  readonly timed: number;
  readonly histogram: Histogram;
  readonly avgMs: number | null;
  readonly minMs: number | null;
  readonly maxMs: number | null;
  readonly bounds: { readonly minUs: number; readonly maxUs: number };
};

/** One alone is itself: a view is only read. */
const merged = (histograms: readonly Histogram[]): Histogram => {
  const [first, second, ...more] = histograms.filter(({ total }) => total > 0);
  if (first === undefined || second === undefined) return first ?? emptyHistogram();
  const all = emptyHistogram();
  for (const histogram of [first, second, ...more]) addHistogram(all, histogram);
  return all;
};

/**
 * Totals of several endpoints or seconds seen as one. Sums, minimum and maximum are kept for all answers together;
 * of only the good or only the failed ones the histogram tells them.
 */
export const viewOf = (list: readonly Totals[], responses: Responses): View => {
  const add = (value: (totals: Totals) => number): number =>
    list.reduce((sum, totals) => sum + value(totals), 0);
  const requests = add((totals) => totals.requests);
  const failures = add((totals) => totals.failures);
  const histogram = merged(
    list.flatMap(({ ok, failed }) =>
      responses === "all" ? [ok, failed] : responses === "ok" ? [ok] : [failed],
    ),
  );
  const minUs = list.reduce((least, totals) => Math.min(least, totals.minUs), Infinity);
  const maxUs = list.reduce((most, totals) => Math.max(most, totals.maxUs), 0);
  const bounds = { minUs: Number.isFinite(minUs) ? minUs : 0, maxUs };
  if (responses === "all") {
    const timed = requests - add((totals) => totals.noTime);
    const known = timed > 0;
    // Cumulative snapshots have no histograms; a least or greatest time of 0 in them was never told.
    const told = (us: number): boolean => known && (us > 0 || histogram.total > 0);
    return {
      requests,
      failures,
      timed,
      histogram,
      avgMs: known ? add((totals) => totals.sumUs) / timed / 1000 : null,
      minMs: told(bounds.minUs) ? bounds.minUs / 1000 : null,
      maxMs: told(bounds.maxUs) ? bounds.maxUs / 1000 : null,
      bounds,
    };
  }
  return {
    requests: responses === "ok" ? requests - failures : failures,
    failures: responses === "ok" ? 0 : failures,
    timed: histogram.total,
    histogram,
    avgMs: bucketMean(histogram),
    minMs: percentile(histogram, 0, bounds),
    maxMs: percentile(histogram, 100, bounds),
    bounds,
  };
};

/** Percent; null without requests. */
export const errorRate = (requests: number, failures: number): number | null =>
  requests === 0 ? null : (100 * failures) / requests;

export const statsOf = (view: View, requestsPerSec: number | null): Stats => {
  const p = (rank: number): number | null => percentile(view.histogram, rank, view.bounds);
  return {
    totalRequests: view.requests,
    totalFailures: view.failures,
    timedRequests: view.timed,
    requestsPerSec,
    errorRate: errorRate(view.requests, view.failures),
    avgResponseMs: view.avgMs,
    minResponseMs: view.minMs,
    maxResponseMs: view.maxMs,
    p50ResponseMs: p(50),
    p90ResponseMs: p(90),
    p95ResponseMs: p(95),
    p99ResponseMs: p(99),
  };
};

/** Percentile p over fewer than 1/(1-p) values is one of the largest values, and says so. */
export const lowCount = (view: View, percentiles: readonly number[]): string[] =>
  percentiles
    .filter((p) => view.histogram.total > 0 && view.histogram.total < 1 / (1 - p / 100) - 1e-9)
    .map((p) => `p${p}ResponseMs`);
