import type { PercentileError } from "@load-manager/contract/model/stats.ts";
import { ByteReader, ByteWriter, malformed } from "./bytes.ts";

/**
 * A latency histogram. Merging adds counts: it is exact, and the order does not matter.
 *
 * Scheme 1, the plugin's, is log-linear over whole microseconds: each power of two (octave) has 64 buckets of equal
 * width, as in HdrHistogram (https://hdrhistogram.org): a bucket is at most 1/64 (1.6 %) of its values wide.
 * `counts[i]` is the count of bucket `first + i`.
 *
 * Scheme 0 is Locust's own statistics: counts by rounded milliseconds (`rounded`).
 */
export type Histogram = {
  first: number;
  counts: Float64Array;
  /** Of both schemes. */
  total: number;
  rounded?: Map<number, number>;
};

const SUB_BUCKETS = 64;
/** The bucket of 2^53 - 1 µs, the largest exact whole number. */
const LAST_BUCKET = SUB_BUCKETS + SUB_BUCKETS * 47 - 1;
/** The first byte of an encoded histogram. `mixed` is written by the server only, where both schemes were merged. */
const SCHEME = { rounded: 0, logLinear: 1, mixed: 2 } as const;
const EMPTY = new Uint8Array(0);
const NO_COUNTS = new Float64Array(0);

export const emptyHistogram = (): Histogram => ({ first: 0, counts: NO_COUNTS, total: 0 });

/** The scheme-1 bucket of a latency in whole microseconds: 1 µs wide below 64 µs, then 64 buckets an octave. */
export const bucketOf = (us: number): number => {
  if (us < SUB_BUCKETS) return us;
  const octave = Math.floor(Math.log2(us)) - 6;
  // Math.log2 may be off by one near a power of two.
  const k = us >= 2 ** (octave + 7) ? octave + 1 : us < 2 ** (octave + 6) ? octave - 1 : octave;
  return SUB_BUCKETS + SUB_BUCKETS * k + (Math.floor(us / 2 ** k) - SUB_BUCKETS);
};

/** Lower bound and width of a bucket in microseconds; buckets of octave k are 2^k µs wide. */
export const bucketBounds = (
  bucket: number,
): { readonly lowUs: number; readonly widthUs: number } => {
  if (bucket < SUB_BUCKETS) return { lowUs: bucket, widthUs: 1 };
  const k = Math.floor((bucket - SUB_BUCKETS) / SUB_BUCKETS);
  return { lowUs: ((bucket % SUB_BUCKETS) + SUB_BUCKETS) * 2 ** k, widthUs: 2 ** k };
};

/** The mean of a bucket's whole microseconds. */
const midpoint = (bucket: number): number => {
  const { lowUs, widthUs } = bucketBounds(bucket);
  return lowUs + (widthUs - 1) / 2;
};

/** How many buckets to allocate beyond the one needed: two octaves, so that few histograms grow often. */
const SPARE_BUCKETS = 128;

/** Grows the counts so that they include a bucket. */
const growTo = (histogram: Histogram, bucket: number): void => {
  const { first, counts } = histogram;
  if (counts.length === 0) {
    histogram.first = Math.max(0, bucket - 16);
    histogram.counts = new Float64Array(256);
    return;
  }
  const from = bucket < first ? Math.max(0, bucket - SPARE_BUCKETS) : first;
  const end = bucket < first ? first + counts.length : bucket + 1 + SPARE_BUCKETS;
  const grown = new Float64Array(end - from);
  grown.set(counts, first - from);
  histogram.first = from;
  histogram.counts = grown;
};

const addCount = (histogram: Histogram, bucket: number, count: number): void => {
  if (bucket > LAST_BUCKET) throw malformed("a histogram's bucket is out of range");
  let index = bucket - histogram.first;
  if (index < 0 || index >= histogram.counts.length) {
    growTo(histogram, bucket);
    index = bucket - histogram.first;
  }
  histogram.counts[index] = (histogram.counts[index] ?? 0) + count;
  histogram.total += count;
};

const addRounded = (histogram: Histogram, ms: number, count: number): void => {
  histogram.rounded ??= new Map();
  histogram.rounded.set(ms, (histogram.rounded.get(ms) ?? 0) + count);
  histogram.total += count;
};

/** Visits the occupied scheme-1 buckets, ascending. */
export const eachBucket = (
  { first, counts }: Histogram,
  visit: (bucket: number, count: number) => void,
): void => {
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index] ?? 0;
    if (count > 0) visit(first + index, count);
  }
};

export const addLatency = (histogram: Histogram, us: number): void =>
  addCount(histogram, bucketOf(us), 1);

/** Adds an encoded histogram. Throws AppError validation where it is malformed. */
export const addEncoded = (histogram: Histogram, encoded: Uint8Array): void => {
  if (encoded.length === 0) return;
  const reader = new ByteReader(encoded);
  const scheme = reader.byte();
  if (scheme === SCHEME.mixed) {
    addEncoded(histogram, reader.take(reader.varint()));
    addEncoded(histogram, reader.rest());
    return;
  }
  if (scheme > SCHEME.logLinear) throw malformed(`a histogram has the unknown scheme ${scheme}`);
  const add = scheme === SCHEME.logLinear ? addCount : addRounded;
  let index = 0;
  while (!reader.done) {
    const head = reader.varint();
    index += head >= 2 ? Math.floor(head / 2) : 0;
    add(histogram, index, head % 2 === 1 ? reader.varint() : 1);
  }
};

/** Checks an encoded histogram of the plugin. Throws AppError validation where `addEncoded` would. */
export const checkEncoded = (encoded: Uint8Array): void => {
  if (encoded.length === 0) return;
  const reader = new ByteReader(encoded);
  const scheme = reader.byte();
  if (scheme > SCHEME.logLinear) throw malformed(`a histogram has the unknown scheme ${scheme}`);
  let index = 0;
  while (!reader.done) {
    const head = reader.varint();
    index += Math.floor(head / 2);
    if (head % 2 === 1) reader.varint();
  }
  if (scheme === SCHEME.logLinear && index > LAST_BUCKET)
    throw malformed("a histogram's bucket is out of range");
};

/** Adds another histogram. */
export const addHistogram = (histogram: Histogram, other: Histogram): void => {
  const { first, counts } = other;
  if (counts.length > 0) {
    if (histogram.counts.length === 0) {
      histogram.first = first;
      histogram.counts = counts.slice();
    } else {
      if (first < histogram.first) growTo(histogram, first);
      const last = first + counts.length - 1;
      if (last >= histogram.first + histogram.counts.length) growTo(histogram, last);
      const shift = first - histogram.first;
      const own = histogram.counts;
      for (let index = 0; index < counts.length; index += 1) {
        const count = counts[index] ?? 0;
        if (count > 0) own[index + shift] = (own[index + shift] ?? 0) + count;
      }
    }
    histogram.total += other.total;
  }
  for (const [ms, count] of other.rounded ?? []) {
    // `other.total`, added above, includes the rounded counts.
    if (counts.length > 0) histogram.total -= count;
    addRounded(histogram, ms, count);
  }
};

/** Writes the scheme byte, then (index, count) pairs in ascending order as varints. Nothing where there are none. */
const pairWriter = (scheme: number) => {
  const writer = new ByteWriter();
  let previous = 0;
  let isEmpty = true;
  return {
    add: (index: number, count: number): void => {
      if (isEmpty) writer.byte(scheme);
      isEmpty = false;
      writer.varint((index - previous) * 2 + (count === 1 ? 0 : 1));
      if (count !== 1) writer.varint(count);
      previous = index;
    },
    finish: (): Uint8Array => (isEmpty ? EMPTY : writer.finish()),
  };
};

const encodeMixed = (exact: Uint8Array, rounded: Uint8Array): Uint8Array => {
  if (rounded.length === 0) return exact;
  if (exact.length === 0) return rounded;
  return new ByteWriter().byte(SCHEME.mixed).block(exact).raw(rounded).finish();
};

/** Encodes a histogram as it is sent and stored: see `locust-plugin/PROTOCOL.md`. Empty where it has no counts. */
export const encodeHistogram = (histogram: Histogram): Uint8Array => {
  if (histogram.total === 0) return EMPTY;
  const exact = pairWriter(SCHEME.logLinear);
  eachBucket(histogram, exact.add);
  if (histogram.rounded === undefined) return exact.finish();
  const rounded = pairWriter(SCHEME.rounded);
  for (const [ms, count] of [...histogram.rounded].toSorted(([a], [b]) => a - b))
    rounded.add(ms, count);
  return encodeMixed(exact.finish(), rounded.finish());
};

/** Empties a histogram without releasing its memory. */
export const clearHistogram = (histogram: Histogram): void => {
  if (histogram.total > 0) histogram.counts.fill(0);
  histogram.total = 0;
  delete histogram.rounded;
};

/** The counted values of a bucket: `count` of them in the `widthUs` whole microseconds from `lowUs` on. */
type Bucket = { readonly lowUs: number; readonly widthUs: number; readonly count: number };

/**
 * Percentile p (in percent) in ms: the value at rank p/100 · n of the merged histogram, interpolated linearly inside its
 * bucket, and clamped to the minimum and maximum measured. (Quantiles of grouped data; Hyndman & Fan 1996, "Sample quantiles
 * in statistical packages", definition 4.) It never falls with p. Null without values.
 */
export const percentile = (
  histogram: Histogram,
  p: number,
  bounds: { readonly minUs: number; readonly maxUs: number },
): number | null => {
  if (histogram.total === 0) return null;
  const us = valueAt(histogram, (p / 100) * histogram.total);
  return Math.min(Math.max(us, bounds.minUs), bounds.maxUs) / 1000;
};

/** The value at a rank inside a bucket of whole microseconds; `passed`: how many values are below the bucket. */
const inside = ({ lowUs, widthUs, count }: Bucket, rank: number, passed: number): number =>
  lowUs + ((widthUs - 1) * Math.max(0, rank - passed)) / count;

const valueAt = (histogram: Histogram, rank: number): number => {
  if (histogram.rounded !== undefined) return valueAtMixed(histogram, rank);
  const { first, counts } = histogram;
  let passed = 0;
  for (let index = 0; index < counts.length; index += 1) {
    const count = counts[index] ?? 0;
    // A product of p and n that should be whole may be a little more.
    if (count > 0 && passed + count >= rank - 1e-9)
      return inside({ ...bucketBounds(first + index), count }, rank, passed);
    passed += count;
  }
  return 0;
};

/**
 * The occupied buckets, ascending. Locust's rounded times count in the bucket that contains them, if it has others, so that
 * the value rises with the rank.
 */
const bucketsOf = (histogram: Histogram): Bucket[] => {
  const buckets = new Map<number, Bucket>();
  eachBucket(histogram, (bucket, count) => buckets.set(bucket, { ...bucketBounds(bucket), count }));
  if (histogram.rounded === undefined) return [...buckets.values()];
  for (const [ms, count] of histogram.rounded) {
    const known = buckets.get(bucketOf(ms * 1000));
    if (known === undefined) buckets.set(-1 - ms, { lowUs: ms * 1000, widthUs: 1, count });
    else buckets.set(bucketOf(ms * 1000), { ...known, count: known.count + count });
  }
  return [...buckets.values()].toSorted((a, b) => a.lowUs - b.lowUs);
};

const valueAtMixed = (histogram: Histogram, rank: number): number => {
  let passed = 0;
  for (const bucket of bucketsOf(histogram)) {
    if (passed + bucket.count >= rank - 1e-9) return inside(bucket, rank, passed);
    passed += bucket.count;
  }
  return 0;
};

/**
 * How many values are above a limit in ms, interpolated linearly inside its bucket: the rank that `percentile` finds the
 * limit at, counted from above. So it is a fraction where the limit lies inside a bucket.
 */
export const valuesAbove = (
  histogram: Histogram,
  limitMs: number,
  bounds: { readonly minUs: number; readonly maxUs: number },
): number => {
  const limitUs = limitMs * 1000;
  if (limitUs >= bounds.maxUs) return 0;
  if (limitUs < bounds.minUs) return histogram.total;
  let below = 0;
  const add = ({ lowUs, widthUs, count }: Bucket): void => {
    const part = widthUs === 1 ? Number(limitUs >= lowUs) : (limitUs - lowUs) / (widthUs - 1);
    below += count * Math.min(1, Math.max(0, part));
  };
  if (histogram.rounded === undefined)
    eachBucket(histogram, (bucket, count) => add({ ...bucketBounds(bucket), count }));
  else for (const bucket of bucketsOf(histogram)) add(bucket);
  return histogram.total - below;
};

/** Takes away what was added before. */
export const subtractHistogram = (histogram: Histogram, other: Histogram): void => {
  eachBucket(other, (bucket, count) => {
    const index = bucket - histogram.first;
    histogram.counts[index] = (histogram.counts[index] ?? 0) - count;
  });
  for (const [ms, count] of other.rounded ?? []) {
    const left = (histogram.rounded?.get(ms) ?? 0) - count;
    if (left > 0) histogram.rounded?.set(ms, left);
    else histogram.rounded?.delete(ms);
  }
  histogram.total -= other.total;
};

/** The mean of the buckets' midpoints in ms, for responses without an exact sum. Null without values. */
export const bucketMean = (histogram: Histogram): number | null => {
  if (histogram.total === 0) return null;
  let sum = 0;
  eachBucket(histogram, (bucket, count) => {
    sum += count * midpoint(bucket);
  });
  for (const [ms, count] of histogram.rounded ?? []) sum += count * ms * 1000;
  return sum / histogram.total / 1000;
};

/**
 * How far a percentile can be off: the width of a bucket of scheme 1 (1/64 of the value: all values of a bucket may lie at
 * one of its ends), or Locust's rounding where any of it was merged.
 */
export const errorBound = (histograms: readonly Histogram[]): PercentileError =>
  histograms.some(({ rounded }) => rounded !== undefined)
    ? { relative: 0.05, absoluteMs: 0.5 }
    : { relative: 0.016, absoluteMs: 0 };
