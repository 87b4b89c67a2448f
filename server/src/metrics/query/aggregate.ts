import { getOrCreate } from "../../lib/maps.ts";
import type { Reading, Rollup } from "../../stores/model/metric-store.ts";
import { decodeCells, decodeRunCells, rollupStart, type RunCell, SERIES } from "../codec/rollup.ts";
import { type Delta, decodeSample, endpointsOf, type Sample } from "../codec/sample.ts";
import { addDelta, emptyTotals, type Totals } from "../codec/totals.ts";
import { isSteady } from "./plan.ts";
import type { Seconds } from "./seconds.ts";

type Counts = { requests: number; failures: number };

/** Users and coverage of the run in a bucket. */
type RunBucket = {
  /** At the bucket's end; absent where no sample has them. */
  users?: number;
  target?: number;
  /** Seconds with a sample, and those of them that lie wholly within the load time. */
  covered: number;
  whole: number;
  /** Requests in the whole second with the fewest and in that with the most; infinite and 0 without whole seconds. */
  lowest: number;
  highest: number;
};

/** A bucket is named by its first second, a key is what `keyOf` gave. */
export type WindowAggregate = {
  readonly totals: Map<number, Map<string, Totals>>;
  readonly run: Map<number, RunBucket>;
  /** Requests that completed in whole seconds of the load time: rates are made of them. */
  readonly rated: Map<number, Map<string, Counts>>;
  /** Requests that completed after the load time, by key: they count in totals, and in no rate. */
  readonly afterLoad: Map<string, Counts>;
};

export type AggregateOptions = Seconds & {
  /** The width of a bucket in seconds; buckets start at its multiples. Absent: one bucket, at 0. */
  readonly step?: number | undefined;
  /** The key under which a series is added up; `undefined` leaves the series out. */
  readonly keyOf: (series: string) => string | undefined;
  readonly loadTime: { readonly fromMs: number; readonly toMs: number };
  /** Counts failed responses in a histogram of their own; else `ok` counts all, which is faster. */
  readonly separateFailures: boolean;
  /** Leaves out seconds in which the real users are not as many as targeted. */
  readonly steady: boolean;
};

const emptyCounts = (): Counts => ({ requests: 0, failures: 0 });
const emptyRunBucket = (): RunBucket => ({
  covered: 0,
  whole: 0,
  lowest: Number.POSITIVE_INFINITY,
  highest: 0,
});
const addCounts = (counts: Counts, { requests, failures }: Counts, share = 1): void => {
  counts.requests += requests * share;
  counts.failures += failures * share;
};

/** An empty aggregate and what adds to it. Seconds are the first of a cell or of a sample. */
const createAdder = (options: AggregateOptions) => {
  const { loadTime, step } = options;
  const aggregate: WindowAggregate = {
    totals: new Map(),
    run: new Map(),
    rated: new Map(),
    afterLoad: new Map(),
  };
  const bucketOf = (second: number): number =>
    step === undefined ? 0 : Math.floor(second / step) * step;
  const isWhole = (second: number, seconds: number): boolean =>
    second * 1000 >= loadTime.fromMs && (second + seconds) * 1000 <= loadTime.toMs;
  return {
    aggregate,
    isWhole,
    inWindow: (second: number): boolean => second >= options.from && second <= options.to,
    runBucketOf: (second: number): RunBucket =>
      getOrCreate(aggregate.run, bucketOf(second), emptyRunBucket),
    addTotals: (key: string, delta: Delta, second: number, lastSecond: number): void => {
      const byKey = getOrCreate(
        aggregate.totals,
        bucketOf(second),
        () => new Map<string, Totals>(),
      );
      const totals = getOrCreate(byKey, key, emptyTotals);
      addDelta(totals, delta, lastSecond, options.separateFailures ? totals.failed : totals.ok);
      if (second * 1000 >= loadTime.toMs)
        addCounts(getOrCreate(aggregate.afterLoad, key, emptyCounts), delta);
    },
    /** `share`: the part of the counts that belongs to this second, where a snapshot covers several. */
    addRated: (key: string, counts: Counts, second: number, seconds: number, share = 1): void => {
      if (!isWhole(second, seconds)) return;
      const byKey = getOrCreate(aggregate.rated, bucketOf(second), () => new Map<string, Counts>());
      addCounts(getOrCreate(byKey, key, emptyCounts), counts, share);
    },
  };
};
type Adder = ReturnType<typeof createAdder>;

/** The starts of a rollup's steady cells, by the start of the rollup. */
type SteadyCells = ReadonlyMap<number, ReadonlySet<number>>;

const addRunCell = (bucket: RunBucket, cell: RunCell, isWhole: boolean): void => {
  bucket.covered += cell.covered;
  if (cell.users !== null) bucket.users = cell.users;
  if (cell.target !== null) bucket.target = cell.target;
  if (!isWhole) return;
  bucket.whole += cell.covered;
  bucket.lowest = Math.min(bucket.lowest, cell.lowest);
  bucket.highest = Math.max(bucket.highest, cell.highest);
};

const addRollups = (
  adder: Adder,
  rollups: readonly Rollup[],
  { steady, keyOf }: AggregateOptions,
): SteadyCells => {
  const steadyCells = new Map<number, ReadonlySet<number>>();
  const isWanted = (rollup: number, cell: number): boolean =>
    adder.inWindow(cell) && (!steady || steadyCells.get(rollup)?.has(cell) === true);
  // In the order of time: a bucket keeps the users of its last cell.
  const runRollups = rollups
    .filter(({ series }) => series === SERIES.run)
    .toSorted((a, b) => a.start - b.start);
  for (const { start, level, body } of runRollups) {
    const cells = decodeRunCells(body, level, start);
    steadyCells.set(start, new Set(cells.filter(isSteady).map((cell) => cell.start)));
    for (const cell of cells)
      if (isWanted(start, cell.start))
        addRunCell(adder.runBucketOf(cell.start), cell, adder.isWhole(cell.start, level));
  }
  for (const { series, start, level, body } of rollups) {
    const key = series === SERIES.run ? undefined : keyOf(series);
    if (key === undefined) continue;
    for (const cell of decodeCells(body, level, start)) {
      if (!isWanted(start, cell.start)) continue;
      adder.addTotals(key, cell, cell.start, cell.lastSecond);
      adder.addRated(key, cell, cell.start, level);
    }
  }
  return steadyCells;
};

/** The seconds over which a sample's requests are spread: its own, for a snapshot all since the one before. */
const coveredSeconds = ({ second, snapshot }: Sample, from: number): number[] => {
  const first = Math.max(from, snapshot?.fromSecond ?? second);
  return Array.from({ length: second - first + 1 }, (_, index) => first + index);
};

const isSteadySample = ({ users }: Sample): boolean =>
  users !== undefined && users.real === users.target && users.real > 0;

const addSamples = (
  adder: Adder,
  samples: readonly Sample[],
  options: AggregateOptions,
  isCompacted: (second: number) => boolean,
): void => {
  const steadySeconds = new Set(samples.filter(isSteadySample).map(({ second }) => second));
  const requestsBySecond = new Map<number, number>();

  const addSecond = (second: number, users: Sample["users"]): void => {
    const bucket = adder.runBucketOf(second);
    if (users !== undefined) {
      bucket.users = users.real;
      bucket.target = users.target;
    }
    if (requestsBySecond.has(second)) return;
    requestsBySecond.set(second, 0);
    // A late sample of a compacted second: the second is covered by its rollup.
    if (isCompacted(second)) return;
    bucket.covered += 1;
    if (adder.isWhole(second, 1)) bucket.whole += 1;
  };

  for (const sample of samples) {
    const { second, users } = sample;
    if (!adder.inWindow(second) || (options.steady && !steadySeconds.has(second))) continue;
    const seconds = coveredSeconds(sample, options.from);
    const share = 1 / seconds.length;
    for (const covered of seconds) addSecond(covered, users);
    for (const delta of endpointsOf(sample)) {
      const key = options.keyOf(delta.id);
      for (const covered of seconds) {
        const requests = (requestsBySecond.get(covered) ?? 0) + delta.requests * share;
        requestsBySecond.set(covered, requests);
        if (key !== undefined) adder.addRated(key, delta, covered, 1, share);
      }
      if (key !== undefined) adder.addTotals(key, delta, second, second);
    }
  }

  for (const [second, requests] of requestsBySecond) {
    if (!adder.isWhole(second, 1) || isCompacted(second)) continue;
    const bucket = adder.runBucketOf(second);
    bucket.lowest = Math.min(bucket.lowest, requests);
    bucket.highest = Math.max(bucket.highest, requests);
  }
};

/** Adds up what was read of a run over a window: rollups, and the records that are not compacted. */
export const aggregateWindow = (reading: Reading, options: AggregateOptions): WindowAggregate => {
  const adder = createAdder(options);
  const steadyCells = addRollups(adder, reading.rollups, options);
  const samples = reading.records.flatMap(({ second, body }) =>
    second > 0 ? decodeSample(body) : [],
  );
  addSamples(adder, samples, options, (second) => steadyCells.has(rollupStart(second)));
  return adder.aggregate;
};
