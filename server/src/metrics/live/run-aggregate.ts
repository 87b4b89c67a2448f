import type { StopCause } from "@load-manager/contract/locust.ts";
import type { Reading, SampleRow } from "../../stores/ports.ts";
import { RECORD } from "../codec/batch.ts";
import { decodeCells, decodeMeta, META } from "../codec/rollup.ts";
import { decodeFinal, decodeOpen, type Final, type Open } from "../codec/records.ts";
import {
  decodeSample,
  endpointsOf,
  type EndpointDelta,
  type Sample,
  type ServerSnapshot,
} from "../codec/sample.ts";
import { addDelta, emptyTotals, type Totals } from "../codec/totals.ts";

type Boot = {
  /** Every seq up to here has been seen; those beyond it are in `beyond`. */
  upTo: number;
  readonly beyond: Set<number>;
  open?: Open;
  final?: Final & { readonly seq: number };
  dropped: boolean;
  /** Newest snapshot that the server itself stored under this boot. */
  snapshot?: ServerSnapshot & { readonly second: number };
};

type Second = { requests: number; failures: number };

/** Everything about a run that its rows and blocks have told so far. The same row twice counts once; their order does not matter. */
export type Accumulator = {
  readonly boots: Map<string, Boot>;
  readonly names: Map<string, { readonly method: string; readonly name: string }>;
  readonly endpoints: Map<string, Totals>;
  /** The seconds of which anything is known: ascending ranges, both ends included. */
  readonly covered: [from: number, to: number][];
  /** The newest seconds only. */
  readonly recent: Map<number, Second>;
  /** From this second on nothing is missing in `recent`; what was merged is not in it. */
  recentFrom: number;
  requests: number;
  users: number;
  maxUsers: number;
  lastSecond: number;
};

/** More than any rate of the newest seconds, or `autoStop.windowSeconds`, looks at. */
const RECENT_SECONDS = 3700;

export const emptyAccumulator = (): Accumulator => ({
  boots: new Map(),
  names: new Map(),
  endpoints: new Map(),
  covered: [],
  recent: new Map(),
  recentFrom: 0,
  requests: 0,
  users: 0,
  maxUsers: 0,
  lastSecond: 0,
});

/** The usual second is the one after the last: that costs nothing. */
const cover = (ranges: [number, number][], from: number, to: number): void => {
  const last = ranges.at(-1);
  if (last === undefined || from > last[1] + 1) ranges.push([from, to]);
  else if (from >= last[0]) last[1] = Math.max(last[1], to);
  else {
    const all = [...ranges, [from, to] as [number, number]].toSorted(([a], [b]) => a - b);
    ranges.length = 0;
    for (const [start, end] of all) cover(ranges, start, end);
  }
};

const atSecond = (accumulator: Accumulator, second: number): Second => {
  const { recent } = accumulator;
  if (second > accumulator.lastSecond) {
    accumulator.lastSecond = second;
    // They came in about this order: the oldest are first.
    for (const old of recent.keys()) {
      if (old >= second - RECENT_SECONDS) break;
      recent.delete(old);
    }
  }
  const known = recent.get(second) ?? { requests: 0, failures: 0 };
  if (second >= accumulator.lastSecond - RECENT_SECONDS) recent.set(second, known);
  return known;
};

const bootOf = (accumulator: Accumulator, key: string): Boot => {
  const known = accumulator.boots.get(key);
  if (known !== undefined) return known;
  const boot: Boot = { upTo: 0, beyond: new Set(), dropped: false };
  accumulator.boots.set(key, boot);
  return boot;
};

const isNew = (boot: Boot, seq: number): boolean => {
  if (seq <= boot.upTo || boot.beyond.has(seq)) return false;
  boot.beyond.add(seq);
  while (boot.beyond.delete(boot.upTo + 1)) boot.upTo += 1;
  return true;
};

/** What a row says, where somebody has read it already. */
export type Told = { readonly sample: Sample; readonly deltas: readonly EndpointDelta[] };

/** `totals` false leaves out what the endpoints did. */
const addSample = (
  accumulator: Accumulator,
  boot: Boot,
  { sample, deltas }: Partial<Told> & Pick<Told, "sample">,
  totals: boolean,
): void => {
  const { second, snapshot } = sample;
  for (const { id, method, name } of sample.names) accumulator.names.set(id, { method, name });
  const newest = second >= accumulator.lastSecond;
  const at = atSecond(accumulator, second);
  cover(accumulator.covered, Math.min(second, snapshot?.fromSecond ?? second), second);
  if (sample.users !== undefined) {
    if (newest) accumulator.users = sample.users.real;
    accumulator.maxUsers = Math.max(accumulator.maxUsers, sample.users.real);
  }
  if (totals) {
    for (const delta of deltas ?? endpointsOf(sample)) {
      addDelta(totalsOf(accumulator, delta.id), delta, second);
      at.requests += delta.requests;
      at.failures += delta.failures;
      accumulator.requests += delta.requests;
    }
  }
  if (snapshot !== undefined && second >= (boot.snapshot?.second ?? 0)) {
    boot.snapshot = { ...snapshot, second };
  }
};

const totalsOf = ({ endpoints }: Accumulator, id: string): Totals => {
  const totals = endpoints.get(id) ?? emptyTotals();
  endpoints.set(id, totals);
  return totals;
};

export const addRow = (
  accumulator: Accumulator,
  row: SampleRow,
  options: { readonly totals?: boolean; readonly told?: Told | undefined } = {},
): void => {
  const boot = bootOf(accumulator, `${row.attempt}:${row.boot}`);
  if (!isNew(boot, row.seq)) return;
  if (row.type === RECORD.sample || row.type === RECORD.snapshot) {
    const told = options.told ?? { sample: decodeSample(row.body) };
    addSample(accumulator, boot, told, options.totals ?? true);
  } else if (row.type === RECORD.open) boot.open = decodeOpen(row.body);
  else if (row.type === RECORD.final) boot.final = { ...decodeFinal(row.body), seq: row.seq };
  else if (row.type === RECORD.dropped) boot.dropped = true;
};

/** Everything that a store has of a run: each row and each block once. */
export const accumulate = ({ blocks, rows, merged }: Reading, totals: boolean): Accumulator => {
  const accumulator = emptyAccumulator();
  for (const { attempt, boot, fromSeq, toSeq } of merged) {
    const known = bootOf(accumulator, `${attempt}:${boot}`);
    if (fromSeq <= known.upTo + 1) known.upTo = Math.max(known.upTo, toSeq);
    else for (let seq = fromSeq; seq <= toSeq; seq += 1) known.beyond.add(seq);
  }
  for (const { series, level, start, body } of blocks) {
    if (series === META) {
      const { names, covered, maxUsers } = decodeMeta(body);
      for (const [id, method, name] of names) accumulator.names.set(id, { method, name });
      for (const [from, to] of covered) {
        cover(accumulator.covered, from, to);
        accumulator.lastSecond = Math.max(accumulator.lastSecond, to);
        accumulator.recentFrom = Math.max(accumulator.recentFrom, to + 1);
      }
      accumulator.maxUsers = Math.max(accumulator.maxUsers, maxUsers);
    } else {
      const endpoint = totalsOf(accumulator, series);
      for (const cell of decodeCells(body, level, start)) {
        addDelta(endpoint, cell, cell.lastSecond);
        accumulator.requests += cell.requests;
      }
    }
  }
  for (const row of rows) addRow(accumulator, row, { totals });
  return accumulator;
};

/**
 * Requests and failures of the `seconds` before the newest one that is `lagSeconds` old; `undefined` where some of them
 * are only known merged. Unix seconds, `to` not included.
 */
export const recentWindow = (accumulator: Accumulator, seconds: number, lagSeconds: number) => {
  const to = accumulator.lastSecond + 1 - lagSeconds;
  const from = to - seconds;
  if (from < accumulator.recentFrom) return undefined;
  let [requests, failures] = [0, 0];
  for (let second = from; second < to; second += 1) {
    const at = accumulator.recent.get(second);
    requests += at?.requests ?? 0;
    failures += at?.failures ?? 0;
  }
  return { requests, failures, from, to };
};

/** The record numbers that are missing below the highest that has been seen, by master process. */
export const gapsOfBoots = (
  accumulator: Accumulator,
): { readonly boot: string; readonly fromSeq: number; readonly toSeq: number }[] =>
  [...accumulator.boots].flatMap(([key, { upTo, beyond }]) => {
    const next = [...beyond].reduce((least, seq) => Math.min(least, seq), Infinity);
    const boot = key.split(":")[1] ?? "";
    return beyond.size === 0 ? [] : [{ boot, fromSeq: upTo + 1, toSeq: next - 1 }];
  });

/** Has every process handed in all it had? What Locust's own pages gave is as whole as they are. */
export const finalsOf = (
  accumulator: Accumulator,
): {
  readonly boots: number;
  readonly complete: boolean;
  readonly stopCause?: StopCause | undefined;
} => {
  const boots = [...accumulator.boots.values()];
  const whole = (boot: Boot): boolean => {
    if (boot.snapshot?.source === "polled") return true;
    return boot.final !== undefined && boot.upTo >= boot.final.seq && !boot.dropped;
  };
  return {
    boots: boots.length,
    complete: boots.every(whole),
    stopCause: boots.at(-1)?.final?.stopCause ?? undefined,
  };
};

/** As above, and no worker is missing whose last report never came. */
export const isComplete = (accumulator: Accumulator): boolean =>
  finalsOf(accumulator).complete &&
  [...accumulator.boots.values()].every(({ final }) => {
    if (final === undefined) return true;
    const { workersExpected, workersReported } = final;
    return workersExpected == null || workersReported == null || workersReported >= workersExpected;
  });

/** Workers as the masters told at the end. */
export const workersOf = (
  accumulator: Accumulator,
): { readonly expected: number | null; readonly lost: number } => {
  const boots = [...accumulator.boots.values()];
  const expected = boots.map(
    ({ final, open }) => final?.workersExpected ?? open?.workers.length ?? 0,
  );
  const lost = boots.map(({ final }) => final?.workersLost ?? 0);
  const most = Math.max(0, ...expected);
  return { expected: most === 0 ? null : most, lost: Math.max(0, ...lost) };
};
