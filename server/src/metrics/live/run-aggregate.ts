import type { RequestWindow } from "../../runs/domain/criteria/auto-stop.ts";
import type { ScriptError, StopCause } from "@load-manager/contract/plugin/protocol.ts";
import { getOrCreate } from "../../lib/maps.ts";
import type { Reading, MetricRecord, Rollup } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import type { EndpointName } from "../codec/endpoint-id.ts";
import { addRange, type Range } from "../codec/ranges.ts";
import { decodeFinal, decodeOpen, type Final, type Open } from "../codec/records.ts";
import { decodeCells, SERIES } from "../codec/rollup.ts";
import { decodeMeta, type LastSnapshot } from "../codec/rollup-meta.ts";
import { errorKey } from "../codec/rollup-table.ts";
import { type DecodedSample, decodeSample, endpointsOf, type Sample } from "../codec/sample.ts";
import { samplesOf, SPREAD_SECONDS } from "../codec/spread.ts";
import { addDelta, emptyTotals, type Totals } from "../codec/totals.ts";

export type MasterInstance = {
  /** Every record up to this number has been added. */
  upTo: number;
  /** Numbers above `upTo` that have been added. */
  readonly beyond: Set<number>;
  open?: Open;
  final?: Final & { readonly seq: number };
  dropped: boolean;
  /** The newest cumulative snapshot stored under this instance. */
  snapshot?: Omit<LastSnapshot, "masterInstanceId">;
};

export type SecondCounts = { requests: number; failures: number };

/**
 * A run's records and rollups, added up. The order in which they are added does not matter; the same record added twice
 * counts once. Seconds are Unix seconds.
 */
export type RunAggregate = {
  readonly masterInstances: Map<string, MasterInstance>;
  /** By endpoint id, like `endpoints`. */
  readonly names: Map<string, EndpointName>;
  readonly endpoints: Map<string, Totals>;
  /** What was counted at no known time; `endpoints` and `requests` include it. */
  readonly untimed: {
    readonly endpoints: Map<string, Totals>;
    /** By the key of `errorKey`. */
    readonly errors: Map<string, number>;
  };
  /** Texts of errors and exceptions, by id. */
  readonly texts: Map<string, string>;
  /** The seconds that have at least one sample. */
  readonly covered: Range[];
  /** Counts of the last RECENT_SECONDS, by second. */
  readonly recent: Map<number, SecondCounts>;
  /** Earlier seconds may be missing in `recent`: they were read from rollups. */
  recentFrom: number;
  requests: number;
  users: number;
  /** The second of `users`. */
  usersSecond: number;
  maxUsers: number;
  lastSecond: number;
  /** Whether a meta rollup has errors or exceptions, as those did that are older than the tables of these. */
  hasOlderTables: boolean;
  /** Records for whoever follows the run second by second: all of the second `from` and of later ones; see `keepRecords`. */
  kept?: { from: number; records: MetricRecord[] } | undefined;
};

/** More than `autoStop.windowSeconds` and the window of any live rate. */
const RECENT_SECONDS = 3700;
/** Who has not asked while so many records came follows the run no longer. */
const MOST_KEPT = 100;

export const emptyRunAggregate = (): RunAggregate => ({
  masterInstances: new Map(),
  names: new Map(),
  endpoints: new Map(),
  untimed: { endpoints: new Map(), errors: new Map() },
  texts: new Map(),
  covered: [],
  recent: new Map(),
  recentFrom: 0,
  requests: 0,
  users: 0,
  usersSecond: 0,
  maxUsers: 0,
  lastSecond: 0,
  hasOlderTables: false,
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

const setUsers = (runAggregate: RunAggregate, second: number, users: number): void => {
  if (second < runAggregate.usersSecond) return;
  const isSame = second === runAggregate.usersSecond;
  runAggregate.users = isSame ? Math.max(users, runAggregate.users) : users;
  runAggregate.usersSecond = second;
};

const addSample = (
  runAggregate: RunAggregate,
  instance: MasterInstance,
  sample: Sample,
  deltas: DecodedSample["deltas"] | undefined,
): void => {
  const { second, snapshot, users } = sample;
  for (const { id, method, name } of sample.names) runAggregate.names.set(id, { method, name });
  for (const { id, text } of sample.texts) runAggregate.texts.set(id, text);
  const counts = recentCounts(runAggregate, second);
  addRange(runAggregate.covered, Math.min(second, snapshot?.fromSecond ?? second), second);
  if (users !== undefined) {
    setUsers(runAggregate, second, users.real);
    runAggregate.maxUsers = Math.max(runAggregate.maxUsers, users.real);
  }
  for (const delta of deltas ?? []) {
    addDelta(totalsOf(runAggregate, delta.id), delta, second);
    counts.requests += delta.requests;
    counts.failures += delta.failures;
    runAggregate.requests += delta.requests;
  }
  if (snapshot?.snapshot !== undefined) setSnapshot(instance, { ...snapshot, second });
};

const setSnapshot = (
  instance: MasterInstance,
  snapshot: NonNullable<MasterInstance["snapshot"]>,
) => {
  if (snapshot.second >= (instance.snapshot?.second ?? 0)) instance.snapshot = snapshot;
};

const addUntimed = (
  runAggregate: RunAggregate,
  instance: MasterInstance,
  body: Uint8Array,
): void => {
  const sample = decodeSample(body);
  const note = sample.snapshot;
  if (note !== undefined) setSnapshot(instance, { ...note, second: note.fromSecond });
  const { endpoints, errors } = runAggregate.untimed;
  for (const { id, method, name } of sample.names) runAggregate.names.set(id, { method, name });
  for (const { id, text } of sample.texts) runAggregate.texts.set(id, text);
  for (const delta of endpointsOf(sample)) {
    addDelta(totalsOf(runAggregate, delta.id), delta, 0);
    addDelta(getOrCreate(endpoints, delta.id, emptyTotals), delta, 0);
    runAggregate.requests += delta.requests;
  }
  for (const error of sample.errors)
    errors.set(errorKey(error), (errors.get(errorKey(error)) ?? 0) + error.count);
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
  const { kept } = runAggregate;
  if (kept !== undefined && record.second >= kept.from) kept.records.push(record);
  if (kept !== undefined && kept.records.length > MOST_KEPT) runAggregate.kept = undefined;
  if (type === RECORD.sample || type === RECORD.snapshot) {
    const { withTotals = true, decoded } = options;
    for (const sample of decoded === undefined ? samplesOf(record) : [decoded.sample]) {
      const deltas = withTotals ? (decoded?.deltas ?? endpointsOf(sample)) : undefined;
      addSample(runAggregate, instance, sample, deltas);
    }
  } else if (type === RECORD.untimed) addUntimed(runAggregate, instance, body);
  else if (type === RECORD.open) instance.open = decodeOpen(body);
  else if (type === RECORD.final) instance.final = { ...decodeFinal(body), seq };
  else if (type === RECORD.dropped) instance.dropped = true;
};

const addMeta = (runAggregate: RunAggregate, body: Uint8Array): void => {
  const { names, texts, covered, maxUsers, lastUsers, snapshots, older } = decodeMeta(body);
  if (older.errors.length + older.exceptions.length > 0) runAggregate.hasOlderTables = true;
  for (const [id, method, name] of names) runAggregate.names.set(id, { method, name });
  for (const [id, text] of texts) runAggregate.texts.set(id, text);
  if (lastUsers !== undefined) setUsers(runAggregate, lastUsers.second, lastUsers.users);
  for (const { masterInstanceId, ...snapshot } of snapshots)
    setSnapshot(instanceOf(runAggregate, masterInstanceId), snapshot);
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

/** The kept records of the seconds from `from` on; `undefined` where some of them came before any were kept. Those before are forgotten. */
export const keepRecords = (
  runAggregate: RunAggregate,
  from: number,
): readonly MetricRecord[] | undefined => {
  const { kept } = runAggregate;
  if (kept === undefined) {
    runAggregate.kept = { from: runAggregate.lastSecond + 1, records: [] };
    return undefined;
  }
  if (kept.from > from) return undefined;
  kept.from = from;
  kept.records = kept.records.filter(({ second }) => second >= from);
  return kept.records;
};

/** How many of the newest seconds may still get counts of later snapshots. */
export const openSeconds = ({ masterInstances }: RunAggregate): number =>
  [...masterInstances.values()].some(({ snapshot }) => snapshot !== undefined) ? SPREAD_SECONDS : 0;

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

/** Whether more than one process has posted totals of the run: from several addresses, or by totals that fall and rise in turns. */
export const hasSeveralReporters = ({ masterInstances }: RunAggregate): boolean => {
  const notes = [...masterInstances.values()].flatMap(({ snapshot }) => snapshot ?? []);
  const reporters = new Set(notes.flatMap(({ reporter }) => reporter ?? []));
  return reporters.size > 1 || notes.some(({ isSeveral }) => isSeveral === true);
};

export type Finals = {
  readonly masterInstances: number;
  /** Every instance has sent its final record and everything before it. Polled ones send none, and are complete. */
  readonly complete: boolean;
  /** Why load ended, from the instance whose load began last. */
  readonly stopCause?: StopCause | undefined;
  readonly scriptError?: ScriptError | undefined;
  readonly hasSeveralReporters?: true;
};

const startOf = ({ final, open }: MasterInstance): number =>
  final?.loadStartedAtMs ?? open?.loadStartedAtMs ?? 0;

export const finalsOf = (runAggregate: RunAggregate): Finals => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  // Of several processes that post the totals of a run only the one that ends the test posts final ones.
  const posters = masterInstances.filter(({ snapshot }) => snapshot?.reporter !== undefined);
  const hasPosted = posters.some(({ final }) => final !== undefined);
  const isInstanceComplete = ({ snapshot, final, upTo, dropped }: MasterInstance): boolean => {
    if (snapshot?.source === "polled") return true;
    if (hasPosted && snapshot?.reporter !== undefined) return true;
    return final !== undefined && upTo >= final.seq && !dropped;
  };
  // Ids are random, so their order says nothing about time.
  const last = masterInstances.toSorted((a, b) => startOf(a) - startOf(b)).at(-1)?.final;
  return {
    masterInstances: masterInstances.length,
    complete: masterInstances.every(isInstanceComplete),
    stopCause: last?.stopCause ?? undefined,
    scriptError: last?.scriptError ?? undefined,
    ...(hasSeveralReporters(runAggregate) ? { hasSeveralReporters: true } : {}),
  };
};

/** Whether figures of the run were read from Locust's page. */
export const isPolled = ({ masterInstances }: RunAggregate): boolean =>
  [...masterInstances.values()].some(({ snapshot }) => snapshot?.source === "polled");

/** What was counted since the last poll before Locust was restarted, or since a lost worker's last report, is lost. */
const isPolledWhole = ({ masterInstances }: RunAggregate): boolean => {
  const polled = [...masterInstances.values()].filter((one) => one.snapshot?.source === "polled");
  const lost = polled.flatMap(({ snapshot }) => snapshot?.workers?.lost ?? []);
  return polled.length <= 1 && lost.length === 0;
};

/** Of several posters the largest totals count, which are all only if they are the master's: its own page is. */
const isPostedWhole = (runAggregate: RunAggregate): boolean =>
  !hasSeveralReporters(runAggregate) || isPolled(runAggregate);

/** Like `complete` of `finalsOf`, and every worker has sent its last report. */
export const isComplete = (runAggregate: RunAggregate): boolean =>
  finalsOf(runAggregate).complete &&
  isPolledWhole(runAggregate) &&
  isPostedWhole(runAggregate) &&
  [...runAggregate.masterInstances.values()].every(({ final }) => {
    if (final === undefined) return true;
    const { workersExpected, workersReported } = final;
    return workersExpected == null || workersReported == null || workersReported >= workersExpected;
  });

/** How many workers a master instance has lost; `undefined`: unknown. */
const lostBy = ({ final, snapshot }: MasterInstance): number | undefined =>
  snapshot === undefined ? (final?.workersLost ?? undefined) : snapshot.workers?.lost.length;

/** Workers according to the masters' final records, or to the page that was polled: the highest number expected, and lost. Null: unknown. */
export const workersOf = (
  runAggregate: RunAggregate,
): { readonly expected: number | null; readonly lost: number | null } => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  const expected = masterInstances.map(
    ({ final, open }) => final?.workersExpected ?? open?.workers.length ?? 0,
  );
  const lost = masterInstances.flatMap((one) => lostBy(one) ?? []);
  const mostExpected = Math.max(0, ...expected);
  return {
    expected: mostExpected === 0 ? null : mostExpected,
    lost: lost.length === 0 ? null : Math.max(...lost),
  };
};
