import type { RequestWindow } from "../../runs/domain/auto-stop.ts";
import type { StopCause } from "@load-manager/contract/plugin/protocol.ts";
import type { Reading, MetricRecord, Rollup } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import type { EndpointName } from "../codec/endpoint-id.ts";
import { addRange, type Range } from "../codec/ranges.ts";
import { decodeFinal, decodeOpen, type Final, type Open } from "../codec/records.ts";
import { decodeCells, decodeMeta, SERIES } from "../codec/rollup.ts";
import {
  type DecodedSample,
  decodeSample,
  endpointsOf,
  type ServerSnapshot,
} from "../codec/sample.ts";
import { addDelta, emptyTotals, type Totals } from "../codec/totals.ts";

type MasterInstance = {
  /** Every record up to this number has been added. */
  upTo: number;
  /** Numbers above `upTo` that have been added. */
  readonly beyond: Set<number>;
  open?: Open;
  final?: Final & { readonly seq: number };
  dropped: boolean;
  /** The newest cumulative snapshot stored under this instance. */
  snapshot?: ServerSnapshot & { readonly second: number };
};

type SecondCounts = { requests: number; failures: number };

/**
 * A run's records and rollups, added up. The order in which they are added does not matter; the same record added twice
 * counts once. Seconds are Unix seconds.
 */
export type RunAggregate = {
  readonly masterInstances: Map<string, MasterInstance>;
  /** By endpoint id, like `endpoints`. */
  readonly names: Map<string, EndpointName>;
  readonly endpoints: Map<string, Totals>;
  /** The seconds that have at least one sample. */
  readonly covered: Range[];
  /** Counts of the last RECENT_SECONDS, by second. */
  readonly recent: Map<number, SecondCounts>;
  /** Earlier seconds may be missing in `recent`: they were read from rollups. */
  recentFrom: number;
  requests: number;
  users: number;
  maxUsers: number;
  lastSecond: number;
};

/** More than `autoStop.windowSeconds` and the window of any live rate. */
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

/** The counts of a second, to be added to. Moves the window of recent seconds forward where the second is the newest. */
const recentCounts = (runAggregate: RunAggregate, second: number): SecondCounts => {
  const { recent } = runAggregate;
  if (second > runAggregate.lastSecond) {
    runAggregate.lastSecond = second;
    // Seconds arrive in about this order, so that the oldest are first.
    for (const old of recent.keys()) {
      if (old >= second - RECENT_SECONDS) break;
      recent.delete(old);
    }
  }
  const counts = recent.get(second) ?? { requests: 0, failures: 0 };
  if (second >= runAggregate.lastSecond - RECENT_SECONDS) recent.set(second, counts);
  return counts;
};

const instanceOf = (runAggregate: RunAggregate, masterInstanceId: string): MasterInstance => {
  const existing = runAggregate.masterInstances.get(masterInstanceId);
  if (existing !== undefined) return existing;
  const instance: MasterInstance = { upTo: 0, beyond: new Set(), dropped: false };
  runAggregate.masterInstances.set(masterInstanceId, instance);
  return instance;
};

const totalsOf = ({ endpoints }: RunAggregate, id: string): Totals => {
  const totals = endpoints.get(id) ?? emptyTotals();
  endpoints.set(id, totals);
  return totals;
};

/** Whether the record number is new; it is not the next time. */
const takeSeq = (instance: MasterInstance, seq: number): boolean => {
  if (seq <= instance.upTo || instance.beyond.has(seq)) return false;
  instance.beyond.add(seq);
  while (instance.beyond.delete(instance.upTo + 1)) instance.upTo += 1;
  return true;
};

const addSample = (
  runAggregate: RunAggregate,
  instance: MasterInstance,
  { sample, deltas }: Partial<DecodedSample> & Pick<DecodedSample, "sample">,
  withTotals: boolean,
): void => {
  const { second, snapshot, users } = sample;
  for (const { id, method, name } of sample.names) runAggregate.names.set(id, { method, name });
  const isNewest = second >= runAggregate.lastSecond;
  const counts = recentCounts(runAggregate, second);
  addRange(runAggregate.covered, Math.min(second, snapshot?.fromSecond ?? second), second);
  if (users !== undefined) {
    if (isNewest) runAggregate.users = users.real;
    runAggregate.maxUsers = Math.max(runAggregate.maxUsers, users.real);
  }
  if (withTotals) {
    for (const delta of deltas ?? endpointsOf(sample)) {
      addDelta(totalsOf(runAggregate, delta.id), delta, second);
      counts.requests += delta.requests;
      counts.failures += delta.failures;
      runAggregate.requests += delta.requests;
    }
  }
  if (snapshot !== undefined && second >= (instance.snapshot?.second ?? 0)) {
    instance.snapshot = { ...snapshot, second };
  }
};

/** Adds a record unless its number has been added. `decoded`: its sample, where the caller has decoded it already. */
export const addRecord = (
  runAggregate: RunAggregate,
  record: MetricRecord,
  options: {
    /** Default true. False leaves out the endpoints' totals, and their histograms unread. */
    readonly withTotals?: boolean;
    readonly decoded?: DecodedSample | undefined;
  } = {},
): void => {
  const { type, body, seq } = record;
  const instance = instanceOf(runAggregate, record.masterInstanceId);
  if (!takeSeq(instance, seq)) return;
  if (type === RECORD.sample || type === RECORD.snapshot) {
    const decoded = options.decoded ?? { sample: decodeSample(body) };
    addSample(runAggregate, instance, decoded, options.withTotals ?? true);
  } else if (type === RECORD.open) instance.open = decodeOpen(body);
  else if (type === RECORD.final) instance.final = { ...decodeFinal(body), seq };
  else if (type === RECORD.dropped) instance.dropped = true;
};

const addMeta = (runAggregate: RunAggregate, body: Uint8Array): void => {
  const { names, covered, maxUsers } = decodeMeta(body);
  for (const [id, method, name] of names) runAggregate.names.set(id, { method, name });
  for (const [from, to] of covered) {
    addRange(runAggregate.covered, from, to);
    runAggregate.lastSecond = Math.max(runAggregate.lastSecond, to);
    runAggregate.recentFrom = Math.max(runAggregate.recentFrom, to + 1);
  }
  runAggregate.maxUsers = Math.max(runAggregate.maxUsers, maxUsers);
};

const addEndpointRollup = (
  runAggregate: RunAggregate,
  { series, level, start, body }: Rollup,
): void => {
  const totals = totalsOf(runAggregate, series);
  for (const cell of decodeCells(body, level, start)) {
    addDelta(totals, cell, cell.lastSecond);
    runAggregate.requests += cell.requests;
  }
};

/** The aggregate of everything that was read of a run: meta rollups, endpoint rollups of one level, records. */
export const runAggregateOf = (
  { rollups, records, compacted }: Reading,
  withTotals: boolean,
): RunAggregate => {
  const runAggregate = emptyRunAggregate();
  for (const { masterInstanceId, fromSeq, toSeq } of compacted) {
    const instance = instanceOf(runAggregate, masterInstanceId);
    if (fromSeq <= instance.upTo + 1) instance.upTo = Math.max(instance.upTo, toSeq);
    else for (let seq = fromSeq; seq <= toSeq; seq += 1) instance.beyond.add(seq);
  }
  for (const rollup of rollups) {
    if (rollup.series === SERIES.meta) addMeta(runAggregate, rollup.body);
    else addEndpointRollup(runAggregate, rollup);
  }
  for (const record of records) addRecord(runAggregate, record, { withTotals });
  return runAggregate;
};

/**
 * Requests and failures of the last `seconds` seconds, without the newest `lagSeconds`; `to` is not included. `undefined`
 * where the window reaches into compacted seconds.
 */
export const recentWindow = (
  runAggregate: RunAggregate,
  seconds: number,
  lagSeconds: number,
): RequestWindow | undefined => {
  const to = runAggregate.lastSecond + 1 - lagSeconds;
  const from = to - seconds;
  if (from < runAggregate.recentFrom) return undefined;
  let [requests, failures] = [0, 0];
  for (let second = from; second < to; second += 1) {
    const counts = runAggregate.recent.get(second);
    requests += counts?.requests ?? 0;
    failures += counts?.failures ?? 0;
  }
  return { requests, failures, from, to };
};

/** Record numbers of a master instance that are missing; both ends included. */
export type SequenceGap = {
  readonly masterInstanceId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
};

/** The first gap of each master instance below its highest record number. */
export const sequenceGaps = (runAggregate: RunAggregate): SequenceGap[] =>
  [...runAggregate.masterInstances].flatMap(([masterInstanceId, { upTo, beyond }]) => {
    const next = [...beyond].reduce((least, seq) => Math.min(least, seq), Infinity);
    return beyond.size === 0 ? [] : [{ masterInstanceId, fromSeq: upTo + 1, toSeq: next - 1 }];
  });

export type Finals = {
  readonly masterInstances: number;
  /** Every instance has sent its final record and everything before it. Polled ones send none, and are complete. */
  readonly complete: boolean;
  /** Why load ended, from the instance whose load began last. */
  readonly stopCause?: StopCause | undefined;
};

const startOf = ({ final, open }: MasterInstance): number =>
  final?.loadStartedAtMs ?? open?.loadStartedAtMs ?? 0;

export const finalsOf = (runAggregate: RunAggregate): Finals => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  const isInstanceComplete = ({ snapshot, final, upTo, dropped }: MasterInstance): boolean => {
    if (snapshot?.source === "polled") return true;
    return final !== undefined && upTo >= final.seq && !dropped;
  };
  return {
    masterInstances: masterInstances.length,
    complete: masterInstances.every(isInstanceComplete),
    // Ids are random, so their order says nothing about time.
    stopCause:
      masterInstances.toSorted((a, b) => startOf(a) - startOf(b)).at(-1)?.final?.stopCause ??
      undefined,
  };
};

/** Like `complete` of `finalsOf`, and every worker has sent its last report. */
export const isComplete = (runAggregate: RunAggregate): boolean =>
  finalsOf(runAggregate).complete &&
  [...runAggregate.masterInstances.values()].every(({ final }) => {
    if (final === undefined) return true;
    const { workersExpected, workersReported } = final;
    return workersExpected == null || workersReported == null || workersReported >= workersExpected;
  });

/** Workers according to the masters' final records: the highest number expected (null: unknown) and lost. */
export const workersOf = (
  runAggregate: RunAggregate,
): { readonly expected: number | null; readonly lost: number } => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  const expected = masterInstances.map(
    ({ final, open }) => final?.workersExpected ?? open?.workers.length ?? 0,
  );
  const lost = masterInstances.map(({ final }) => final?.workersLost ?? 0);
  const mostExpected = Math.max(0, ...expected);
  return { expected: mostExpected === 0 ? null : mostExpected, lost: Math.max(0, ...lost) };
};
