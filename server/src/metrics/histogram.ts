import type { PercentileError } from "@load-manager/contract/metrics.ts";
import { ByteReader, ByteWriter, malformed } from "./bytes.ts";

/**
 * Latencies, merged. Scheme 1 is log-linear over whole microseconds with 64 buckets an octave: counts by bucket.
 * Scheme 0 is what Locust's own statistics give: rounded milliseconds and their counts.
 */
export type Histogram = {
  counts: Float64Array;
  total: number;
  readonly rounded: Map<number, number>;
};

const SUB_BUCKETS = 64;
/** Bucket of the largest whole number that is exact here; nothing real is beyond it. */
const LAST_BUCKET = SUB_BUCKETS + SUB_BUCKETS * 47 - 1;

export const emptyHistogram = (): Histogram => ({
  counts: new Float64Array(0),
  total: 0,
  rounded: new Map(),
});

/** Scheme 1's bucket of a latency in microseconds: exact below 64, then 64 an octave. */
export const bucketOf = (us: number): number => {
  if (us < SUB_BUCKETS) return us;
  const octave = Math.floor(Math.log2(us)) - 6;
  // log2 may be off by one at a power of two.
  const k = us >= 2 ** (octave + 7) ? octave + 1 : us < 2 ** (octave + 6) ? octave - 1 : octave;
  return SUB_BUCKETS + SUB_BUCKETS * k + (Math.floor(us / 2 ** k) - SUB_BUCKETS);
};

/** The middle of a bucket in microseconds; a bucket of octave k is 2^k wide. */
const midpoint = (bucket: number): number => {
  if (bucket < SUB_BUCKETS) return bucket;
  const k = Math.floor((bucket - SUB_BUCKETS) / SUB_BUCKETS);
  const low = ((bucket % SUB_BUCKETS) + SUB_BUCKETS) * 2 ** k;
  return low + (2 ** k - 1) / 2;
};

const addCount = (histogram: Histogram, bucket: number, count: number): void => {
  if (bucket > LAST_BUCKET) throw malformed("a histogram's bucket is out of range");
  if (bucket >= histogram.counts.length) {
    const grown = new Float64Array(Math.max(bucket + 1, histogram.counts.length * 2, 256));
    grown.set(histogram.counts);
    histogram.counts = grown;
  }
  histogram.counts[bucket] = (histogram.counts[bucket] ?? 0) + count;
  histogram.total += count;
};

export const addLatency = (histogram: Histogram, us: number): void =>
  addCount(histogram, bucketOf(us), 1);

/** Adds an encoded histogram: exact, commutative and associative. */
export const addEncoded = (histogram: Histogram, encoded: Uint8Array): void => {
  if (encoded.length === 0) return;
  const reader = new ByteReader(encoded);
  const scheme = reader.byte();
  if (scheme > 1) throw malformed(`a histogram of the unknown scheme ${scheme}`);
  let index = 0;
  while (!reader.done) {
    const head = reader.varint();
    index += Math.floor(head / 2);
    const count = head % 2 === 1 ? reader.varint() : 1;
    if (scheme === 1) addCount(histogram, index, count);
    else {
      histogram.rounded.set(index, (histogram.rounded.get(index) ?? 0) + count);
      histogram.total += count;
    }
  }
};

/** Adds another histogram; exact, like adding it encoded. */
export const addHistogram = (histogram: Histogram, other: Histogram): void => {
  for (let bucket = other.counts.length - 1; bucket >= 0; bucket -= 1) {
    const count = other.counts[bucket] ?? 0;
    if (count > 0) addCount(histogram, bucket, count);
  }
  for (const [ms, count] of other.rounded) {
    histogram.rounded.set(ms, (histogram.rounded.get(ms) ?? 0) + count);
    histogram.total += count;
  }
};

const encodePairs = (scheme: number, pairs: readonly (readonly [number, number])[]): Uint8Array => {
  if (pairs.length === 0) return new Uint8Array(0);
  const writer = new ByteWriter().byte(scheme);
  let previous = 0;
  for (const [index, count] of pairs) {
    writer.varint((index - previous) * 2 + (count === 1 ? 0 : 1));
    if (count !== 1) writer.varint(count);
    previous = index;
  }
  return writer.finish();
};

/** Scheme 1's part of a histogram, as it travels. */
export const encodeHistogram = (histogram: Histogram): Uint8Array =>
  encodePairs(
    1,
    Array.from(histogram.counts, (count, bucket) => [bucket, count] as const).filter(
      ([, count]) => count > 0,
    ),
  );

/**
 * The value at rank ⌈p·n⌉ (p in percent) in ms: its bucket's midpoint, clamped to what was measured.
 * Null without values.
 */
export const percentile = (
  histogram: Histogram,
  p: number,
  bounds: { readonly minUs: number; readonly maxUs: number },
): number | null => {
  if (histogram.total === 0) return null;
  const rank = Math.max(1, Math.ceil((p / 100) * histogram.total - 1e-9));
  const us = valueAt(histogram, rank);
  return Math.min(Math.max(us, bounds.minUs), bounds.maxUs) / 1000;
};

const valueAt = (histogram: Histogram, rank: number): number => {
  if (histogram.rounded.size > 0) return valueAtMixed(histogram, rank);
  let seen = 0;
  for (let bucket = 0; bucket < histogram.counts.length; bucket += 1) {
    seen += histogram.counts[bucket] ?? 0;
    if (seen >= rank) return midpoint(bucket);
  }
  return 0;
};

const valueAtMixed = (histogram: Histogram, rank: number): number => {
  const values: [number, number][] = [...histogram.rounded].map(([ms, count]) => [
    ms * 1000,
    count,
  ]);
  histogram.counts.forEach((count, bucket) => {
    if (count > 0) values.push([midpoint(bucket), count]);
  });
  let seen = 0;
  for (const [us, count] of values.toSorted(([a], [b]) => a - b)) {
    seen += count;
    if (seen >= rank) return us;
  }
  return 0;
};

/** Mean of what is in the buckets, in ms; for views of which no exact sum is kept. */
export const bucketMean = (histogram: Histogram): number | null => {
  if (histogram.total === 0) return null;
  let sum = 0;
  histogram.counts.forEach((count, bucket) => {
    if (count > 0) sum += count * midpoint(bucket);
  });
  for (const [ms, count] of histogram.rounded) sum += count * ms * 1000;
  return sum / histogram.total / 1000;
};

/** How far a percentile can be off: half a bucket of scheme 1; Locust's rounding where any of that was merged. */
export const errorBound = (histograms: readonly Histogram[]): PercentileError =>
  histograms.some(({ rounded }) => rounded.size > 0)
    ? { relative: 0.05, absoluteMs: 0.5 }
    : { relative: 0.008, absoluteMs: 0 };
