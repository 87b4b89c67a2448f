import type { PercentileError } from "@load-manager/contract/metrics.ts";
import { ByteReader, ByteWriter, malformed } from "./bytes.ts";

/**
 * Latencies, merged. Scheme 1 is log-linear over whole microseconds with 64 buckets an octave: `counts[i]` is the count
 * of bucket `first + i`. Scheme 0 is what Locust's own statistics give: rounded milliseconds and their counts.
 */
export type Histogram = {
  first: number;
  counts: Float64Array;
  total: number;
  rounded?: Map<number, number>;
};

const SUB_BUCKETS = 64;
/** Bucket of the largest whole number that is exact here; nothing real is beyond it. */
const LAST_BUCKET = SUB_BUCKETS + SUB_BUCKETS * 47 - 1;
/** Made by the server only, where workers with and without the plugin were merged. */
const BOTH = 2;
const NOTHING = new Uint8Array(0);
const NO_COUNTS = new Float64Array(0);

export const emptyHistogram = (): Histogram => ({ first: 0, counts: NO_COUNTS, total: 0 });

/** Scheme 1's bucket of a latency in microseconds: exact below 64, then 64 an octave. */
export const bucketOf = (us: number): number => {
  if (us < SUB_BUCKETS) return us;
  const octave = Math.floor(Math.log2(us)) - 6;
  // log2 may be off by one at a power of two.
  const k = us >= 2 ** (octave + 7) ? octave + 1 : us < 2 ** (octave + 6) ? octave - 1 : octave;
  return SUB_BUCKETS + SUB_BUCKETS * k + (Math.floor(us / 2 ** k) - SUB_BUCKETS);
};

/** Lower bound and width of a bucket in microseconds; a bucket of octave k is 2^k wide. */
export const bucketBounds = (
  bucket: number,
): { readonly lowUs: number; readonly widthUs: number } => {
  if (bucket < SUB_BUCKETS) return { lowUs: bucket, widthUs: 1 };
  const k = Math.floor((bucket - SUB_BUCKETS) / SUB_BUCKETS);
  return { lowUs: ((bucket % SUB_BUCKETS) + SUB_BUCKETS) * 2 ** k, widthUs: 2 ** k };
};

/** The middle of the whole microseconds of a bucket. */
const midpoint = (bucket: number): number => {
  const { lowUs, widthUs } = bucketBounds(bucket);
  return lowUs + (widthUs - 1) / 2;
};

/** Two octaves: few latencies are so far from the others that room must be made often. */
const SPARE = 128;

/** Room for a bucket, and some beyond it. */
const makeRoom = (histogram: Histogram, bucket: number): void => {
  const { first, counts } = histogram;
  if (counts.length === 0) {
    histogram.first = Math.max(0, bucket - 16);
    histogram.counts = new Float64Array(256);
    return;
  }
  const from = bucket < first ? Math.max(0, bucket - SPARE) : first;
  const end = bucket < first ? first + counts.length : bucket + 1 + SPARE;
  const grown = new Float64Array(end - from);
  grown.set(counts, first - from);
  histogram.first = from;
  histogram.counts = grown;
};

const addCount = (histogram: Histogram, bucket: number, count: number): void => {
  if (bucket > LAST_BUCKET) throw malformed("a histogram's bucket is out of range");
  let at = bucket - histogram.first;
  if (at < 0 || at >= histogram.counts.length) {
    makeRoom(histogram, bucket);
    at = bucket - histogram.first;
  }
  histogram.counts[at] = (histogram.counts[at] ?? 0) + count;
  histogram.total += count;
};

const addRounded = (histogram: Histogram, ms: number, count: number): void => {
  histogram.rounded ??= new Map();
  histogram.rounded.set(ms, (histogram.rounded.get(ms) ?? 0) + count);
  histogram.total += count;
};

/** Every occupied bucket of scheme 1, ascending. */
export const eachBucket = (
  { first, counts }: Histogram,
  visit: (bucket: number, count: number) => void,
): void => {
  for (let at = 0; at < counts.length; at += 1) {
    const count = counts[at] ?? 0;
    if (count > 0) visit(first + at, count);
  }
};

export const addLatency = (histogram: Histogram, us: number): void =>
  addCount(histogram, bucketOf(us), 1);

/** Adds an encoded histogram: exact, commutative and associative. Throws AppError validation where it is malformed. */
export const addEncoded = (histogram: Histogram, encoded: Uint8Array): void => {
  if (encoded.length === 0) return;
  const reader = new ByteReader(encoded);
  const scheme = reader.byte();
  if (scheme === BOTH) {
    addEncoded(histogram, reader.take(reader.varint()));
    addEncoded(histogram, reader.rest());
    return;
  }
  if (scheme > 1) throw malformed(`a histogram of the unknown scheme ${scheme}`);
  const add = scheme === 1 ? addCount : addRounded;
  let index = 0;
  while (!reader.done) {
    const head = reader.varint();
    index += head >= 2 ? Math.floor(head / 2) : 0;
    add(histogram, index, head % 2 === 1 ? reader.varint() : 1);
  }
};

/** Throws AppError validation where `addEncoded` would, and adds nothing. */
export const checkEncoded = (encoded: Uint8Array): void => {
  if (encoded.length === 0) return;
  const reader = new ByteReader(encoded);
  const scheme = reader.byte();
  if (scheme > 1) throw malformed(`a histogram of the unknown scheme ${scheme}`);
  let index = 0;
  while (!reader.done) {
    const head = reader.varint();
    index += Math.floor(head / 2);
    if (head % 2 === 1) reader.varint();
  }
  if (scheme === 1 && index > LAST_BUCKET) throw malformed("a histogram's bucket is out of range");
};

/** Adds another histogram; exact, like adding it encoded. */
export const addHistogram = (histogram: Histogram, other: Histogram): void => {
  const { first, counts } = other;
  if (counts.length > 0) {
    if (histogram.counts.length === 0) {
      histogram.first = first;
      histogram.counts = counts.slice();
    } else {
      if (first < histogram.first) makeRoom(histogram, first);
      const last = first + counts.length - 1;
      if (last >= histogram.first + histogram.counts.length) makeRoom(histogram, last);
      const shift = first - histogram.first;
      const own = histogram.counts;
      for (let at = 0; at < counts.length; at += 1) {
        const count = counts[at] ?? 0;
        if (count > 0) own[at + shift] = (own[at + shift] ?? 0) + count;
      }
    }
    histogram.total += other.total;
  }
  for (const [ms, count] of other.rounded ?? []) {
    // Its count is in the total already, where there are others.
    if (counts.length > 0) histogram.total -= count;
    addRounded(histogram, ms, count);
  }
};

/** Writes ascending counts as pairs, the scheme before the first. */
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
    finish: (): Uint8Array => (isEmpty ? NOTHING : writer.finish()),
  };
};

const encodeBoth = (exact: Uint8Array, rounded: Uint8Array): Uint8Array => {
  if (rounded.length === 0) return exact;
  if (exact.length === 0) return rounded;
  return new ByteWriter().byte(BOTH).block(exact).raw(rounded).finish();
};

/** As it travels and is kept; where both schemes have counts, one after the other. */
export const encodeHistogram = (histogram: Histogram): Uint8Array => {
  if (histogram.total === 0) return NOTHING;
  const exact = pairWriter(1);
  eachBucket(histogram, exact.add);
  if (histogram.rounded === undefined) return exact.finish();
  const rounded = pairWriter(0);
  for (const [ms, count] of [...histogram.rounded].toSorted(([a], [b]) => a - b))
    rounded.add(ms, count);
  return encodeBoth(exact.finish(), rounded.finish());
};

/** Nothing again; its room is kept. */
export const clearHistogram = (histogram: Histogram): void => {
  if (histogram.total > 0) histogram.counts.fill(0);
  histogram.total = 0;
  delete histogram.rounded;
};

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
  if (histogram.rounded !== undefined) return valueAtMixed(histogram, rank);
  const { first, counts } = histogram;
  let seen = 0;
  for (let at = 0; at < counts.length; at += 1) {
    seen += counts[at] ?? 0;
    if (seen >= rank) return midpoint(first + at);
  }
  return 0;
};

const valueAtMixed = (histogram: Histogram, rank: number): number => {
  const values: [number, number][] = [...(histogram.rounded ?? [])].map(([ms, count]) => [
    ms * 1000,
    count,
  ]);
  eachBucket(histogram, (bucket, count) => values.push([midpoint(bucket), count]));
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
  eachBucket(histogram, (bucket, count) => {
    sum += count * midpoint(bucket);
  });
  for (const [ms, count] of histogram.rounded ?? []) sum += count * ms * 1000;
  return sum / histogram.total / 1000;
};

/** How far a percentile can be off: half a bucket of scheme 1; Locust's rounding where any of that was merged. */
export const errorBound = (histograms: readonly Histogram[]): PercentileError =>
  histograms.some(({ rounded }) => rounded !== undefined)
    ? { relative: 0.05, absoluteMs: 0.5 }
    : { relative: 0.008, absoluteMs: 0 };
