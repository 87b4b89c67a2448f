import type { StopCause } from "@load-manager/contract/locust.ts";
import type { Reading, MetricRecord } from "../../stores/ports.ts";
import { RECORD } from "../codec/batch.ts";
import { decodeCells, decodeMeta, SERIES } from "../codec/rollup.ts";
import { decodeFinal, decodeOpen, type Final, type Open } from "../codec/records.ts";
import {
  decodeSample,
  endpointsOf,
  type EndpointDelta,
  type Sample,
  type ServerSnapshot,
} from "../codec/sample.ts";
import { addDelta, emptyTotals, type Totals } from "../codec/totals.ts";

type MasterInstance = {
  /** Every seq up to here has been seen; those beyond it are in `beyond`. */
  upTo: number;
  readonly beyond: Set<number>;
  open?: Open;
  final?: Final & { readonly seq: number };
  dropped: boolean;
  /** Newest snapshot that the server itself stored under this master instance. */
  snapshot?: ServerSnapshot & { readonly second: number };
};

type Second = { requests: number; failures: number };

/** Everything about a run that its rows and rollups have told so far. The same row twice counts once; their order does not matter. */
export type RunAggregate = {
  readonly masterInstances: Map<string, MasterInstance>;
  readonly names: Map<string, { readonly method: string; readonly name: string }>;
  readonly endpoints: Map<string, Totals>;
  /** The seconds of which anything is known: ascending ranges, both ends included. */
  readonly covered: [from: number, to: number][];
  /** The newest seconds only. */
  readonly recent: Map<number, Second>;
  /** From this second on nothing is missing in `recent`; what was compacted is not in it. */
  recentFrom: number;
  requests: number;
  users: number;
  maxUsers: number;
  lastSecond: number;
};

/** More than any rate of the newest seconds, or `autoStop.windowSeconds`, looks at. */
const RECENT_SECONDS = 3700;

export const emptyRunAggregate = (): RunAggregate => ({
  masterInstances: new Map(),
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

const atSecond = (runAggregate: RunAggregate, second: number): Second => {
  const { recent } = runAggregate;
  if (second > runAggregate.lastSecond) {
    runAggregate.lastSecond = second;
    // They came in about this order: the oldest are first.
    for (const old of recent.keys()) {
      if (old >= second - RECENT_SECONDS) break;
      recent.delete(old);
    }
  }
  const known = recent.get(second) ?? { requests: 0, failures: 0 };
  if (second >= runAggregate.lastSecond - RECENT_SECONDS) recent.set(second, known);
  return known;
};

const instanceOf = (runAggregate: RunAggregate, key: string): MasterInstance => {
  const known = runAggregate.masterInstances.get(key);
  if (known !== undefined) return known;
  const instance: MasterInstance = { upTo: 0, beyond: new Set(), dropped: false };
  runAggregate.masterInstances.set(key, instance);
  return instance;
};

const isNew = (instance: MasterInstance, seq: number): boolean => {
  if (seq <= instance.upTo || instance.beyond.has(seq)) return false;
  instance.beyond.add(seq);
  while (instance.beyond.delete(instance.upTo + 1)) instance.upTo += 1;
  return true;
};

/** What a row says, where somebody has read it already. */
export type DecodedSample = { readonly sample: Sample; readonly deltas: readonly EndpointDelta[] };

/** `totals` false leaves out what the endpoints did. */
const addSample = (
  runAggregate: RunAggregate,
  instance: MasterInstance,
  { sample, deltas }: Partial<DecodedSample> & Pick<DecodedSample, "sample">,
  totals: boolean,
): void => {
  const { second, snapshot } = sample;
  for (const { id, method, name } of sample.names) runAggregate.names.set(id, { method, name });
  const newest = second >= runAggregate.lastSecond;
  const at = atSecond(runAggregate, second);
  cover(runAggregate.covered, Math.min(second, snapshot?.fromSecond ?? second), second);
  if (sample.users !== undefined) {
    if (newest) runAggregate.users = sample.users.real;
    runAggregate.maxUsers = Math.max(runAggregate.maxUsers, sample.users.real);
  }
  if (totals) {
    for (const delta of deltas ?? endpointsOf(sample)) {
      addDelta(totalsOf(runAggregate, delta.id), delta, second);
      at.requests += delta.requests;
      at.failures += delta.failures;
      runAggregate.requests += delta.requests;
    }
  }
  if (snapshot !== undefined && second >= (instance.snapshot?.second ?? 0)) {
    instance.snapshot = { ...snapshot, second };
  }
};

const totalsOf = ({ endpoints }: RunAggregate, id: string): Totals => {
  const totals = endpoints.get(id) ?? emptyTotals();
  endpoints.set(id, totals);
  return totals;
};

export const addRecord = (
  runAggregate: RunAggregate,
  row: MetricRecord,
  options: { readonly totals?: boolean; readonly told?: DecodedSample | undefined } = {},
): void => {
  const instance = instanceOf(runAggregate, row.masterInstanceId);
  if (!isNew(instance, row.seq)) return;
  if (row.type === RECORD.sample || row.type === RECORD.snapshot) {
    const told = options.told ?? { sample: decodeSample(row.body) };
    addSample(runAggregate, instance, told, options.totals ?? true);
  } else if (row.type === RECORD.open) instance.open = decodeOpen(row.body);
  else if (row.type === RECORD.final) instance.final = { ...decodeFinal(row.body), seq: row.seq };
  else if (row.type === RECORD.dropped) instance.dropped = true;
};

/** Everything that a store has of a run: each row and each rollup once. */
export const runAggregateOf = (
  { rollups, rows, compacted }: Reading,
  totals: boolean,
): RunAggregate => {
  const runAggregate = emptyRunAggregate();
  for (const { masterInstanceId, fromSeq, toSeq } of compacted) {
    const known = instanceOf(runAggregate, masterInstanceId);
    if (fromSeq <= known.upTo + 1) known.upTo = Math.max(known.upTo, toSeq);
    else for (let seq = fromSeq; seq <= toSeq; seq += 1) known.beyond.add(seq);
  }
  for (const { series, level, start, body } of rollups) {
    if (series === SERIES.meta) {
      const { names, covered, maxUsers } = decodeMeta(body);
      for (const [id, method, name] of names) runAggregate.names.set(id, { method, name });
      for (const [from, to] of covered) {
        cover(runAggregate.covered, from, to);
        runAggregate.lastSecond = Math.max(runAggregate.lastSecond, to);
        runAggregate.recentFrom = Math.max(runAggregate.recentFrom, to + 1);
      }
      runAggregate.maxUsers = Math.max(runAggregate.maxUsers, maxUsers);
    } else {
      const endpoint = totalsOf(runAggregate, series);
      for (const cell of decodeCells(body, level, start)) {
        addDelta(endpoint, cell, cell.lastSecond);
        runAggregate.requests += cell.requests;
      }
    }
  }
  for (const row of rows) addRecord(runAggregate, row, { totals });
  return runAggregate;
};

/**
 * Requests and failures of the `seconds` before the newest one that is `lagSeconds` old; `undefined` where some of them
 * are only known compacted. Unix seconds, `to` not included.
 */
export const recentWindow = (runAggregate: RunAggregate, seconds: number, lagSeconds: number) => {
  const to = runAggregate.lastSecond + 1 - lagSeconds;
  const from = to - seconds;
  if (from < runAggregate.recentFrom) return undefined;
  let [requests, failures] = [0, 0];
  for (let second = from; second < to; second += 1) {
    const at = runAggregate.recent.get(second);
    requests += at?.requests ?? 0;
    failures += at?.failures ?? 0;
  }
  return { requests, failures, from, to };
};

/** The record numbers that are missing below the highest that has been seen, by master process. */
export const sequenceGaps = (
  runAggregate: RunAggregate,
): { readonly masterInstanceId: string; readonly fromSeq: number; readonly toSeq: number }[] =>
  [...runAggregate.masterInstances].flatMap(([masterInstanceId, { upTo, beyond }]) => {
    const next = [...beyond].reduce((least, seq) => Math.min(least, seq), Infinity);
    return beyond.size === 0 ? [] : [{ masterInstanceId, fromSeq: upTo + 1, toSeq: next - 1 }];
  });

/** Has every process handed in all it had? What Locust's own pages gave is as whole as they are. */
export const finalsOf = (
  runAggregate: RunAggregate,
): {
  readonly masterInstances: number;
  readonly complete: boolean;
  readonly stopCause?: StopCause | undefined;
} => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  const whole = (instance: MasterInstance): boolean => {
    if (instance.snapshot?.source === "polled") return true;
    return instance.final !== undefined && instance.upTo >= instance.final.seq && !instance.dropped;
  };
  return {
    masterInstances: masterInstances.length,
    complete: masterInstances.every(whole),
    stopCause: masterInstances.at(-1)?.final?.stopCause ?? undefined,
  };
};

/** As above, and no worker is missing whose last report never came. */
export const isComplete = (runAggregate: RunAggregate): boolean =>
  finalsOf(runAggregate).complete &&
  [...runAggregate.masterInstances.values()].every(({ final }) => {
    if (final === undefined) return true;
    const { workersExpected, workersReported } = final;
    return workersExpected == null || workersReported == null || workersReported >= workersExpected;
  });

/** Workers as the masters told at the end. */
export const workersOf = (
  runAggregate: RunAggregate,
): { readonly expected: number | null; readonly lost: number } => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  const expected = masterInstances.map(
    ({ final, open }) => final?.workersExpected ?? open?.workers.length ?? 0,
  );
  const lost = masterInstances.map(({ final }) => final?.workersLost ?? 0);
  const most = Math.max(0, ...expected);
  return { expected: most === 0 ? null : most, lost: Math.max(0, ...lost) };
};
