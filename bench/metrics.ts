// Pairs in one run, reported as ratios: what the metrics' own ways gain over the obvious ones.
import {
  addEncoded,
  addLatency,
  emptyHistogram,
  encodeHistogram,
  percentile,
} from "../server/src/metrics/histogram.ts";
import { ByteReader } from "../server/src/metrics/bytes.ts";

const PAIRS = 15;

/** Latencies of a service that is fast mostly, in microseconds; the same every time. */
const latencies = (count: number, seed: number): number[] => {
  let state = seed;
  const next = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return Array.from({ length: count }, () =>
    Math.round(2000 + 40_000 * next() ** 4 * (1 + 10 * next() ** 20)),
  );
};

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

const time = (work: () => void): number => {
  const begun = performance.now();
  work();
  return performance.now() - begun;
};

/** One after the other, in turns, so that both see the same machine. */
const compare = (what: string, ours: () => void, other: () => void): void => {
  ours();
  other();
  const ratios = Array.from({ length: PAIRS }, () => {
    const [a, b] = [time(ours), time(other)];
    return b / a;
  });
  const spread = `${Math.min(...ratios).toFixed(1)}–${Math.max(...ratios).toFixed(1)}`;
  process.stdout.write(`${what}: ${median(ratios).toFixed(1)}× (${spread}, ${PAIRS} pairs)\n`);
};

const seconds = Array.from({ length: 3600 }, (_, second) => {
  const histogram = emptyHistogram();
  for (const us of latencies(100, second + 1)) addLatency(histogram, us);
  return encodeHistogram(histogram);
});

const mergeIntoObject = (): Record<string, number> => {
  const merged: Record<string, number> = {};
  for (const encoded of seconds) {
    const reader = new ByteReader(encoded, 1);
    let index = 0;
    while (!reader.done) {
      const head = reader.varint();
      index += Math.floor(head / 2);
      merged[index] = (merged[index] ?? 0) + (head % 2 === 1 ? reader.varint() : 1);
    }
  }
  return merged;
};
const merge = () => {
  const merged = emptyHistogram();
  for (const encoded of seconds) addEncoded(merged, encoded);
  return merged;
};

compare(
  "an hour of one endpoint merged into a typed array rather than an object",
  merge,
  mergeIntoObject,
);

const values = latencies(360_000, 7);
const bounds = { minUs: 0, maxUs: 1e9 };
compare(
  "p50, p95 and p99 of 360,000 latencies by counting them into a histogram rather than by sorting them",
  () => {
    const histogram = emptyHistogram();
    for (const us of values) addLatency(histogram, us);
    for (const p of [50, 95, 99]) percentile(histogram, p, bounds);
  },
  () => {
    const sorted = values.toSorted((a, b) => a - b);
    for (const p of [50, 95, 99]) void sorted[Math.ceil((p / 100) * sorted.length) - 1];
  },
);
