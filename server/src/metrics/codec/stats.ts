import type { Stats } from "@load-manager/contract/model/stats.ts";
import {
  addHistogram,
  bucketMean,
  emptyHistogram,
  type Histogram,
  percentile,
} from "./histogram.ts";
import { exactly, isExact, type Totals } from "./totals.ts";

export type Responses = "all" | "ok" | "failed";

/** All, only the successful or only the failed responses of some totals. Times that are unknown are null. */
export type View = {
  readonly requests: number;
  readonly failures: number;
  /** Requests with a response time. */
  readonly timed: number;
  readonly histogram: Histogram;
  readonly avgMs: number | null;
  readonly minMs: number | null;
  readonly maxMs: number | null;
  readonly bounds: { readonly minUs: number; readonly maxUs: number };
};

/** A single histogram is returned itself, not copied: a view is read-only. */
const merged = (histograms: readonly Histogram[]): Histogram => {
  const [first, second, ...more] = histograms.filter(({ total }) => total > 0);
  if (first === undefined || second === undefined) return first ?? emptyHistogram();
  const all = emptyHistogram();
  for (const histogram of [first, second, ...more]) addHistogram(all, histogram);
  return all;
};

/**
 * The sum of several totals. Average, minimum and maximum are exact for all responses; for only the successful or only
 * the failed ones they come from the histogram, since sums are not kept separately.
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
    const sumUs = add((totals) => totals.sumUs);
    const isMeasured = list.some((totals) => totals.isMeasured);
    const isKnown = (us: number): boolean => timed > 0 && (us > 0 || isMeasured);
    return {
      requests,
      failures,
      timed,
      histogram,
      avgMs: timed > 0 && isExact(sumUs) ? sumUs / timed / 1000 : null,
      minMs: isKnown(bounds.minUs) ? bounds.minUs / 1000 : null,
      maxMs: isKnown(bounds.maxUs) ? bounds.maxUs / 1000 : null,
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

/** A view whose minimum and maximum are unknown. */
export const withoutExtremes = (view: View): View => ({ ...view, minMs: null, maxMs: null });

/** Failures in percent of requests; null without requests, or where one of them is unknown. */
export const errorRate = (requests: number, failures: number): number | null =>
  requests === 0 || !isExact(requests) || !isExact(failures) ? null : (100 * failures) / requests;

/** The stats of a view; `requestsPerSec` depends on the window, so that the caller computes it. */
export const statsOf = (view: View, requestsPerSec: number | null): Stats => {
  const p = (rank: number): number | null => percentile(view.histogram, rank, view.bounds);
  return {
    totalRequests: exactly(view.requests),
    totalFailures: exactly(view.failures),
    timedRequests: isExact(view.requests) ? view.timed : null,
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

/** The names of the percentiles p that rest on fewer than 1/(1-p) values: each is merely the largest of them. */
export const lowCount = (view: View, percentiles: readonly number[]): string[] =>
  percentiles
    .filter((p) => view.histogram.total > 0 && view.histogram.total < 1 / (1 - p / 100) - 1e-9)
    .map((p) => `p${p}ResponseMs`);
