import type { Reading } from "../../stores/ports.ts";
import { SERIES, rollupStart, decodeCells, decodeRunCells } from "../codec/rollup.ts";
import { type Delta, decodeSample, endpointsOf } from "../codec/sample.ts";
import { addDelta, emptyTotals, type Totals } from "../codec/totals.ts";
import { isSteady } from "./plan.ts";
import type { Seconds } from "./seconds.ts";

type Counts = { requests: number; failures: number };

/** What is known of the run as a whole in a bucket. */
export type RunBucket = {
  users?: number;
  target?: number;
  /** Seconds of which anything is known, and those of them that lie wholly within the load time. */
  covered: number;
  whole: number;
  /** Requests of the quietest and the busiest whole second. */
  lowest: number;
  highest: number;
};

export type WindowAggregate = {
  /** By bucket (its first second) and key. */
  readonly buckets: Map<number, Map<string, Totals>>;
  readonly facts: Map<number, RunBucket>;
  /** What completed in whole seconds of the load time, by bucket and key: rates are made of it. */
  readonly inWhole: Map<number, Map<string, Counts>>;
  /** What completed after the load time, by key: it counts in totals, and in no rate. */
  readonly late: Map<string, Counts>;
};

export type AggregateOptions = Seconds & {
  /** In seconds; buckets begin at its multiples. Absent: one bucket, at 0. */
  readonly step?: number | undefined;
  /** Where what an endpoint did is added; `undefined` leaves it unread. `SERIES.all` adds endpoints up. */
  readonly keyOf: (id: string) => string | undefined;
  readonly load: { readonly fromMs: number; readonly toMs: number };
  /** Good and failed answers are queried at together only: they are counted in `ok`. */
  readonly together?: boolean;
  /** Only seconds in which the real users are the target's. */
  readonly steady: boolean;
};

const at = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};
const noCounts = (): Counts => ({ requests: 0, failures: 0 });
const noFacts = (): RunBucket => ({
  covered: 0,
  whole: 0,
  lowest: Number.POSITIVE_INFINITY,
  highest: 0,
});
const count = (counts: Counts, { requests, failures }: Counts, share = 1): void => {
  counts.requests += requests * share;
  counts.failures += failures * share;
};

/** Sums rollups and rows of a run over a window, in one pass. */
export const aggregateWindow = (reading: Reading, options: AggregateOptions): WindowAggregate => {
  const { load, step } = options;
  const windowAggregate: WindowAggregate = {
    buckets: new Map(),
    facts: new Map(),
    inWhole: new Map(),
    late: new Map(),
  };
  const bucketOf = (second: number): number =>
    step === undefined ? 0 : Math.floor(second / step) * step;
  const isWhole = (from: number, seconds: number): boolean =>
    from * 1000 >= load.fromMs && (from + seconds) * 1000 <= load.toMs;
  const inWindow = (second: number): boolean => second >= options.from && second <= options.to;

  /** `share` of it where a snapshot's sums are spread over the seconds they speak of. */
  const rate = (key: string, counts: Counts, second: number, seconds: number, share = 1): void => {
    if (!isWhole(second, seconds)) return;
    const bucket = at(windowAggregate.inWhole, bucketOf(second), () => new Map<string, Counts>());
    count(at(bucket, key, noCounts), counts, share);
  };
  const total = (key: string, delta: Delta, second: number, lastSecond: number): void => {
    const bucket = at(windowAggregate.buckets, bucketOf(second), () => new Map<string, Totals>());
    const totals = at(bucket, key, emptyTotals);
    addDelta(totals, delta, lastSecond, options.together === true ? totals.ok : totals.failed);
    if (second * 1000 >= load.toMs) count(at(windowAggregate.late, key, noCounts), delta);
  };

  const steadyCells = new Map<number, Set<number>>();
  const wanted = (start: number, cell: { readonly start: number }): boolean =>
    inWindow(cell.start) && (!options.steady || steadyCells.get(start)?.has(cell.start) === true);
  const ofFacts = reading.rollups.filter(({ series }) => series === SERIES.run);
  for (const { start, level, body } of ofFacts.toSorted((a, b) => a.start - b.start)) {
    const cells = decodeRunCells(body, level, start);
    steadyCells.set(start, new Set(cells.filter(isSteady).map((cell) => cell.start)));
    for (const cell of cells) {
      if (!wanted(start, cell)) continue;
      const facts = at(windowAggregate.facts, bucketOf(cell.start), noFacts);
      facts.covered += cell.covered;
      if (cell.users !== null) facts.users = cell.users;
      if (cell.target !== null) facts.target = cell.target;
      if (!isWhole(cell.start, level)) continue;
      facts.whole += cell.covered;
      facts.lowest = Math.min(facts.lowest, cell.lowest);
      facts.highest = Math.max(facts.highest, cell.highest);
    }
  }
  for (const { series, start, level, body } of reading.rollups) {
    const key = series === SERIES.run ? undefined : options.keyOf(series);
    if (key === undefined) continue;
    for (const cell of decodeCells(body, level, start)) {
      if (!wanted(start, cell)) continue;
      total(key, cell, cell.start, cell.lastSecond);
      rate(key, cell, cell.start, level);
    }
  }

  const samples = reading.rows.flatMap((row) => (row.second > 0 ? decodeSample(row.body) : []));
  const steady = new Set<number>();
  for (const { second, users } of samples) {
    if (users !== undefined && users.real === users.target && users.real > 0) steady.add(second);
  }
  const seconds = new Map<number, number>();
  const byEndpoint = options.keyOf(SERIES.all) === undefined;
  for (const { second, users, parts, snapshot } of samples) {
    if (!inWindow(second) || (options.steady && !steady.has(second))) continue;
    const first = Math.max(options.from, snapshot?.fromSecond ?? second);
    const share = 1 / (second - first + 1);
    const spoken = Array.from({ length: second - first + 1 }, (_, index) => first + index);
    for (const one of spoken) {
      const facts = at(windowAggregate.facts, bucketOf(one), noFacts);
      if (users !== undefined) Object.assign(facts, { users: users.real, target: users.target });
      // A late row for a second that is merged already covers nothing new.
      if (!seconds.has(one) && !steadyCells.has(rollupStart(one))) {
        facts.covered += 1;
        if (isWhole(one, 1)) facts.whole += 1;
      }
      seconds.set(one, seconds.get(one) ?? 0);
    }
    for (const delta of endpointsOf({ parts })) {
      const key = byEndpoint ? options.keyOf(delta.id) : SERIES.all;
      for (const one of spoken) {
        seconds.set(one, (seconds.get(one) ?? 0) + delta.requests * share);
        if (key !== undefined) rate(key, delta, one, 1, share);
      }
      if (key !== undefined) total(key, delta, second, second);
    }
  }
  for (const [second, requests] of seconds) {
    const facts = windowAggregate.facts.get(bucketOf(second));
    if (facts === undefined || !isWhole(second, 1) || steadyCells.has(rollupStart(second)))
      continue;
    facts.lowest = Math.min(facts.lowest, requests);
    facts.highest = Math.max(facts.highest, requests);
  }
  return windowAggregate;
};
