import { getOrCreate } from "../../lib/maps.ts";
import type { Reading, Rollup } from "../../stores/model/metric-store.ts";
import { decodeCells, decodeRunCells, rollupStart, type RunCell, SERIES } from "../codec/rollup.ts";
import { type Delta, endpointsOf, type Sample } from "../codec/sample.ts";
import { samplesOf } from "../codec/spread.ts";
import { isSteadyUsers, mostUsers, type SecondUsers } from "../codec/users.ts";
import { addHistograms, addSums, emptyTotals, type Totals } from "../codec/totals.ts";
import { type Covered, isInWindow, isSteady } from "./plan.ts";
import type { Seconds } from "./seconds.ts";

type Counts = { requests: number; failures: number };

/** Users and coverage of the run in a bucket. */
type RunBucket = {
  /** At the bucket's end; absent where no sample has them. */
  users?: number;
  target?: number;
  /** The second of `users` and `target`. */
  usersSecond: number;
  /** The most users of any second of the bucket; 0 where no sample has them. */
  maxUsers: number;
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
  /** What was counted at no known time, by key; only where the window is the whole run. It counts in totals, and in no rate. */
  readonly untimed: Map<string, Totals>;
};

export type AggregateOptions = Seconds & {
  /** The width of a bucket in seconds; buckets start at its multiples. Absent: one bucket, at 0. */
  readonly step?: number | undefined;
  /** The key under which a series is added up; `undefined` leaves the series out. */
  readonly keyOf: (series: string) => string | undefined;
  readonly loadTime: { readonly fromMs: number; readonly toMs: number };
  /** Rates are made of seconds up to this one. Default: all. */
  readonly closed?: number;
  /** Counts failed responses in a histogram of their own; else `ok` counts all, which is faster. */
  readonly separateFailures: boolean;
  /** Default true. False leaves all histograms empty: enough for counts, sums, minimum and maximum of all responses. */
  readonly withHistograms?: boolean;
  /** The seconds of the run that have samples. */
  readonly covered: Covered;
  /** Leaves out seconds in which the real users are not as many as targeted. */
  readonly steady: boolean;
};

const UNKNOWN_USERS: SecondUsers = { users: null, target: null };
const emptyCounts = (): Counts => ({ requests: 0, failures: 0 });
const emptyRunBucket = (): RunBucket => ({
  usersSecond: 0,
  maxUsers: 0,
  covered: 0,
  whole: 0,
  lowest: Number.POSITIVE_INFINITY,
  highest: 0,
});
const addCounts = (counts: Counts, { requests, failures }: Counts): void => {
  counts.requests += requests;
  counts.failures += failures;
};

/** An empty aggregate and what adds to it. Seconds are the first of a cell or of a sample. */
const createAdder = (options: AggregateOptions) => {
  const { loadTime, step, closed = Number.POSITIVE_INFINITY } = options;
  const ratedUntilMs = Math.min(loadTime.toMs, (closed + 1) * 1000);
  const aggregate: WindowAggregate = {
    totals: new Map(),
    run: new Map(),
    rated: new Map(),
    afterLoad: new Map(),
    untimed: new Map(),
  };
  const bucketOf = (second: number): number =>
    step === undefined ? 0 : Math.floor(second / step) * step;
  const isWhole = (second: number, seconds: number): boolean =>
    second * 1000 >= loadTime.fromMs && (second + seconds) * 1000 <= ratedUntilMs;
  const wholeSeconds = (first: number, end: number): number =>
    Math.max(
      0,
      Math.min(end, Math.floor(ratedUntilMs / 1000)) -
        Math.max(first, Math.ceil(loadTime.fromMs / 1000)),
    );
  return {
    aggregate,
    isWhole,
    /** How many of the seconds from one to another (not included) lie wholly in the time of rates. */
    wholeSeconds,
    /** How many of the seconds of a cell are counted as whole ones by `addCoverage`. */
    wholeOf: (covered: Covered, start: number, seconds: number): number =>
      covered.reduce((sum, [first, last]) => {
        const from = Math.max(options.from, first, start);
        return sum + wholeSeconds(from, Math.min(options.to, last, start + seconds - 1) + 1);
      }, 0),
    inWindow: (second: number): boolean => isInWindow(second, options),
    runBucketOf: (second: number): RunBucket =>
      getOrCreate(aggregate.run, bucketOf(second), emptyRunBucket),
    addTotals: (key: string, delta: Delta, second: number, lastSecond: number): void => {
      const byKey = getOrCreate(
        aggregate.totals,
        bucketOf(second),
        () => new Map<string, Totals>(),
      );
      const totals = getOrCreate(byKey, key, emptyTotals);
      addSums(totals, delta, lastSecond);
      if (options.withHistograms !== false)
        addHistograms(totals, delta, options.separateFailures ? totals.failed : totals.ok);
      if (second * 1000 >= loadTime.toMs)
        addCounts(getOrCreate(aggregate.afterLoad, key, emptyCounts), delta);
    },
    addRated: (key: string, counts: Counts, second: number, seconds: number): void => {
      if (!isWhole(second, seconds)) return;
      const byKey = getOrCreate(aggregate.rated, bucketOf(second), () => new Map<string, Counts>());
      addCounts(getOrCreate(byKey, key, emptyCounts), counts);
    },
  };
};
type Adder = ReturnType<typeof createAdder>;

/** The width of a rollup's cells and the starts of the steady ones, by the start of the rollup. */
type SteadyCells = ReadonlyMap<
  number,
  { readonly level: number; readonly starts: ReadonlySet<number> }
>;

/** A second that has samples: its users, and the requests that a cell of it has already. */
type SampledSecond = { readonly users: SecondUsers; readonly rolledUp: number };

/** The seconds that have samples; with what their one-second cells have, where they were rolled up before these came. */
const sampledSeconds = (
  samples: readonly Sample[],
  runRollups: readonly Rollup[],
): ReadonlyMap<number, SampledSecond> => {
  const sampled = new Map<number, SampledSecond>();
  for (const { second, users } of samples) {
    const ofSample = { users: users?.real ?? null, target: users?.target ?? null };
    sampled.set(second, { users: mostUsers(sampled.get(second)?.users, ofSample), rolledUp: 0 });
  }
  if (sampled.size === 0) return sampled;
  for (const { level, start, body } of runRollups) {
    if (level !== 1) continue;
    for (const cell of decodeRunCells(body, level, start)) {
      const known = sampled.get(cell.start);
      if (known === undefined) continue;
      sampled.set(cell.start, { users: mostUsers(known.users, cell), rolledUp: cell.highest });
    }
  }
  return sampled;
};

const setUsers = (bucket: RunBucket, { users, target }: SecondUsers, second: number): void => {
  if (second < bucket.usersSecond || (users === null && target === null)) return;
  bucket.usersSecond = second;
  if (users !== null) bucket.users = users;
  if (target !== null) bucket.target = target;
};

/** Coverage is added from the cells only where some of them are left out. */
const addRunCell = (
  bucket: RunBucket,
  cell: RunCell & { readonly level: number },
  isWhole: boolean,
  withCoverage: boolean,
): void => {
  if (withCoverage) {
    bucket.covered += cell.covered;
    if (isWhole) bucket.whole += cell.covered;
  }
  setUsers(bucket, cell, cell.start + cell.level - 1);
  bucket.maxUsers = Math.max(bucket.maxUsers, cell.maxUsers);
  if (!isWhole) return;
  bucket.lowest = Math.min(bucket.lowest, cell.lowest);
  bucket.highest = Math.max(bucket.highest, cell.highest);
};

const addRollups = (
  adder: Adder,
  rollups: readonly Rollup[],
  { steady, keyOf, covered }: AggregateOptions,
  sampled: ReadonlyMap<number, SampledSecond>,
): SteadyCells => {
  const steadyCells = new Map<number, { level: number; starts: ReadonlySet<number> }>();
  const isWanted = (rollup: number, cell: number): boolean =>
    adder.inWindow(cell) && (!steady || steadyCells.get(rollup)?.starts.has(cell) === true);
  for (const { start, level, body } of rollups.filter(({ series }) => series === SERIES.run)) {
    const cells = decodeRunCells(body, level, start);
    const sampledOf = (cell: RunCell) => (level === 1 ? sampled.get(cell.start) : undefined);
    const isCellSteady = (cell: RunCell): boolean => {
      const users = sampledOf(cell)?.users;
      return users === undefined ? isSteady(cell) : isSteadyUsers(users);
    };
    const starts = new Set(cells.filter(isCellSteady).map((cell) => cell.start));
    steadyCells.set(start, { level, starts });
    for (const cell of cells) {
      // The second's samples are added with what the cell has.
      if (!isWanted(start, cell.start) || sampledOf(cell) !== undefined) continue;
      const isWhole = adder.isWhole(cell.start, level);
      const bucket = adder.runBucketOf(cell.start);
      addRunCell(bucket, { ...cell, level }, isWhole, steady);
      // Requests of a cell that is partly outside of the load time are in no rate, nor are its seconds.
      if (!isWhole && !steady) bucket.whole -= adder.wholeOf(covered, cell.start, level);
    }
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

const addSamples = (
  adder: Adder,
  samples: readonly Sample[],
  options: AggregateOptions,
  sampled: ReadonlyMap<number, SampledSecond>,
  steadyCells: SteadyCells,
): void => {
  /** Of a late sample whose second is part of a wider cell: the cell counts the second, and whether it is steady. */
  const widerCells = (second: number) => {
    const cells = steadyCells.get(rollupStart(second));
    return cells === undefined || cells.level === 1 ? undefined : cells;
  };
  const isSteadySecond = (second: number): boolean => {
    const cells = widerCells(second);
    const start = cells === undefined ? 0 : Math.floor(second / cells.level) * cells.level;
    const users = sampled.get(second)?.users;
    return (users !== undefined && isSteadyUsers(users)) || cells?.starts.has(start) === true;
  };
  const requestsBySecond = new Map<number, number>();

  const addSecond = (second: number): void => {
    const { users, rolledUp } = sampled.get(second) ?? { users: UNKNOWN_USERS, rolledUp: 0 };
    const bucket = adder.runBucketOf(second);
    setUsers(bucket, users, second);
    bucket.maxUsers = Math.max(bucket.maxUsers, users.users ?? 0);
    requestsBySecond.set(second, rolledUp);
    if (!options.steady || widerCells(second) !== undefined) return;
    bucket.covered += 1;
    if (adder.isWhole(second, 1)) bucket.whole += 1;
  };

  for (const sample of samples) {
    const { second } = sample;
    if (!adder.inWindow(second) || (options.steady && !isSteadySecond(second))) continue;
    if (!requestsBySecond.has(second)) addSecond(second);
    for (const delta of endpointsOf(sample)) {
      requestsBySecond.set(second, (requestsBySecond.get(second) ?? 0) + delta.requests);
      const key = options.keyOf(delta.id);
      if (key === undefined) continue;
      adder.addRated(key, delta, second, 1);
      adder.addTotals(key, delta, second, second);
    }
  }

  for (const [second, requests] of requestsBySecond) {
    if (!adder.isWhole(second, 1) || widerCells(second) !== undefined) continue;
    const bucket = adder.runBucketOf(second);
    bucket.lowest = Math.min(bucket.lowest, requests);
    bucket.highest = Math.max(bucket.highest, requests);
  }
};

/** Counts the seconds with a sample in each bucket: the run knows them whatever has been rolled up. */
const addCoverage = (adder: Adder, { covered, from, to, step }: AggregateOptions): void => {
  for (const [first, last] of covered) {
    const end = Math.min(to, last);
    for (let second = Math.max(from, first); second <= end;) {
      const next =
        step === undefined ? end + 1 : Math.min(end + 1, (Math.floor(second / step) + 1) * step);
      const bucket = adder.runBucketOf(second);
      bucket.covered += next - second;
      bucket.whole += adder.wholeSeconds(second, next);
      second = next;
    }
  }
};

/** Adds up what was read of a run over a window: rollups, and the records that are not compacted. */
export const aggregateWindow = (reading: Reading, options: AggregateOptions): WindowAggregate => {
  const adder = createAdder(options);
  const samples = reading.records.flatMap(samplesOf);
  const runRollups = reading.rollups.filter(({ series }) => series === SERIES.run);
  const sampled = sampledSeconds(samples, runRollups);
  const steadyCells = addRollups(adder, reading.rollups, options, sampled);
  addSamples(adder, samples, options, sampled, steadyCells);
  if (!options.steady) addCoverage(adder, options);
  return adder.aggregate;
};
