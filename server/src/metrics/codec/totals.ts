import {
  addEncoded,
  addHistogram,
  clearHistogram,
  emptyHistogram,
  encodeHistogram,
  type Histogram,
} from "./histogram.ts";
import type { Delta } from "./sample.ts";

/**
 * Sums over any number of seconds, workers and endpoints, with histograms of successful and failed responses; times in
 * microseconds. The order of additions does not matter.
 */
export type Totals = {
  requests: number;
  failures: number;
  noTime: number;
  sumUs: number;
  /** Infinity while no request had a response time. */
  minUs: number;
  maxUs: number;
  bytes: number;
  /** The last Unix second in which a request completed; 0 without requests. */
  lastSecond: number;
  readonly ok: Histogram;
  readonly failed: Histogram;
};

export const emptyTotals = (): Totals => ({
  requests: 0,
  failures: 0,
  noTime: 0,
  sumUs: 0,
  minUs: Number.POSITIVE_INFINITY,
  maxUs: 0,
  bytes: 0,
  lastSecond: 0,
  ok: emptyHistogram(),
  failed: emptyHistogram(),
});

/** Empties totals without releasing the histograms' memory. */
export const clearTotals = (totals: Totals): void => {
  const { ok, failed } = totals;
  clearHistogram(ok);
  clearHistogram(failed);
  Object.assign(totals, { ...emptyTotals(), ok, failed });
};

/** `failedTo`: the histogram that counts failed responses; `totals.ok` where nobody asks for them separately. */
export const addDelta = (
  totals: Totals,
  delta: Delta,
  second: number,
  failedTo: Histogram = totals.failed,
): void => {
  totals.requests += delta.requests;
  totals.failures += delta.failures;
  totals.noTime += delta.noTime;
  totals.sumUs += delta.sumUs;
  totals.bytes += delta.bytes;
  if (delta.requests > delta.noTime) {
    totals.minUs = Math.min(totals.minUs, delta.minUs);
    totals.maxUs = Math.max(totals.maxUs, delta.maxUs);
  }
  if (delta.requests > 0) totals.lastSecond = Math.max(totals.lastSecond, second);
  addEncoded(totals.ok, delta.ok);
  addEncoded(failedTo, delta.failed);
};

export const addTotals = (totals: Totals, other: Totals): void => {
  totals.requests += other.requests;
  totals.failures += other.failures;
  totals.noTime += other.noTime;
  totals.sumUs += other.sumUs;
  totals.bytes += other.bytes;
  totals.minUs = Math.min(totals.minUs, other.minUs);
  totals.maxUs = Math.max(totals.maxUs, other.maxUs);
  totals.lastSecond = Math.max(totals.lastSecond, other.lastSecond);
  addHistogram(totals.ok, other.ok);
  addHistogram(totals.failed, other.failed);
};

/** Totals as a delta with encoded histograms. */
export const deltaOf = (totals: Totals): Delta => ({
  requests: totals.requests,
  failures: totals.failures,
  noTime: totals.noTime,
  sumUs: totals.sumUs,
  minUs: Number.isFinite(totals.minUs) ? totals.minUs : 0,
  maxUs: totals.maxUs,
  bytes: totals.bytes,
  ok: encodeHistogram(totals.ok),
  failed: encodeHistogram(totals.failed),
});
