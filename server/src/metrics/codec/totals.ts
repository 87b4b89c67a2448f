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
  /** Whether some of it has histograms; else a minimum or maximum of 0 means that it is unknown. */
  isMeasured: boolean;
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
  isMeasured: false,
  lastSecond: 0,
  ok: emptyHistogram(),
  failed: emptyHistogram(),
});

/** From here on a sum is not exact, and unknown. A record holds no larger number. */
export const LIMIT = Number.MAX_SAFE_INTEGER;
export const isExact = (sum: number): boolean => sum < LIMIT;
/** A sum; null where it is unknown. */
export const exactly = (sum: number): number | null => (isExact(sum) ? sum : null);

/** The bytes of all responses; null where they are unknown. */
export const contentBytes = ({ bytes, isMeasured, requests }: Totals): number | null =>
  isExact(bytes) && (bytes > 0 || isMeasured || requests === 0) ? bytes : null;

/** Empties totals without releasing the histograms' memory. */
export const clearTotals = (totals: Totals): void => {
  const { ok, failed } = totals;
  clearHistogram(ok);
  clearHistogram(failed);
  Object.assign(totals, { ...emptyTotals(), ok, failed });
};

/** All of a delta but its histograms. `second`: the last one in which a request of it completed. */
export const addSums = (totals: Totals, delta: Delta, second: number): void => {
  totals.requests += delta.requests;
  totals.failures += delta.failures;
  totals.noTime += delta.noTime;
  totals.sumUs += delta.sumUs;
  totals.bytes += delta.bytes;
  const isMeasured = delta.ok.length > 0 || delta.failed.length > 0;
  if (delta.requests > delta.noTime) {
    // 0 of a snapshot means unknown, and the minimum of the whole is unknown then.
    totals.minUs = Math.min(totals.minUs, delta.minUs);
    totals.maxUs = Math.max(totals.maxUs, delta.maxUs);
  }
  if (delta.requests > 0) totals.lastSecond = Math.max(totals.lastSecond, second);
  totals.isMeasured ||= isMeasured;
};

/** `failedTo`: the histogram that counts failed responses; `totals.ok` where nobody asks for them separately. */
export const addHistograms = (totals: Totals, delta: Delta, failedTo: Histogram): void => {
  addEncoded(totals.ok, delta.ok);
  addEncoded(failedTo, delta.failed);
};

export const addDelta = (totals: Totals, delta: Delta, second: number): void => {
  addSums(totals, delta, second);
  addHistograms(totals, delta, totals.failed);
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
  totals.isMeasured ||= other.isMeasured;
  addHistogram(totals.ok, other.ok);
  addHistogram(totals.failed, other.failed);
};

/** Totals as a delta with encoded histograms. */
export const deltaOf = (totals: Totals): Delta => ({
  requests: Math.min(totals.requests, LIMIT),
  failures: Math.min(totals.failures, LIMIT),
  noTime: Math.min(totals.noTime, LIMIT),
  sumUs: Math.min(totals.sumUs, LIMIT),
  minUs: Number.isFinite(totals.minUs) ? totals.minUs : 0,
  maxUs: totals.maxUs,
  bytes: Math.min(totals.bytes, LIMIT),
  ok: encodeHistogram(totals.ok),
  failed: encodeHistogram(totals.failed),
});
