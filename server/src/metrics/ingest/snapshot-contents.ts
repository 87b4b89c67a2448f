import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { type EndpointDelta, endpointId, type SnapshotNote } from "../codec/sample.ts";
import {
  COLLECTIVE_ENDPOINTS,
  isUnknown,
  newErrors,
  type SnapshotEndpoint,
  snapshotEndpointId,
  withinFailures,
} from "../codec/snapshot-deltas.ts";
import { SPREAD_SECONDS } from "../codec/spread.ts";
import { type RecordContent, snapshotRecords, untimedRecord } from "../codec/snapshot-record.ts";
import type { MasterInstance, RunAggregate } from "../live/run-aggregate.ts";
import { spreadOf } from "./spread-counts.ts";

/** Where a snapshot comes from, when it was taken (Unix ms), and whether it is the run's last. */
export type SnapshotOrigin = {
  readonly source: "json" | "polled";
  readonly at: number;
  readonly final?: boolean;
  /** The address that posted it: several processes may post the totals of one run. */
  readonly reporter?: string;
  /** The workers that the page shows. */
  readonly workers?: readonly { readonly id: string; readonly isConnected: boolean }[];
};

/** The workers that were seen so far, and those lost while there was load. */
const workersAfter = (
  before: SnapshotNote["workers"],
  shown: SnapshotOrigin["workers"],
  isLoad: boolean,
): Pick<SnapshotNote, "workers"> => {
  if (shown === undefined) return before === undefined ? {} : { workers: before };
  const connected = new Set(shown.flatMap(({ id, isConnected }) => (isConnected ? id : [])));
  const seen = [...new Set([...(before?.seen ?? []), ...connected])];
  const gone = isLoad ? (before?.seen ?? []).filter((id) => !connected.has(id)) : [];
  return { workers: { seen, lost: [...new Set([...(before?.lost ?? []), ...gone])] } };
};

/** Counts of a longer time than this are counted at no time: nobody could tell their seconds. */
const MOST_SPREAD_SECONDS = 3600;

/** What a snapshot continues. */
type Since = {
  /** The snapshot before it; absent after a reset, too. */
  readonly before: MasterInstance["snapshot"];
  readonly errorsBefore: Pick<SnapshotInput, "errors"> | undefined;
  /** The second of the snapshot before it, also after a reset. */
  readonly lastSecond: number | undefined;
  /** What its series says of itself. */
  readonly note: Pick<SnapshotNote, "series" | "isOther" | "isSeveral" | "began">;
  /** What it adds. */
  readonly deltas: readonly EndpointDelta[];
  readonly endpoints: readonly SnapshotEndpoint[];
  /** See `SnapshotNote`. */
  readonly counted: SnapshotNote["counted"];
  readonly runAggregate: RunAggregate;
};

const NOTHING = { deltas: [], errors: [] };

/** The errors that a snapshot adds, and the names and texts that the run does not have. */
const namesAndErrors = (
  snapshot: SnapshotInput,
  { errorsBefore, deltas, endpoints, runAggregate }: Since,
) => {
  const isNew = ({ id }: { readonly id: string }): boolean =>
    !runAggregate.names.has(id) && !runAggregate.texts.has(id);
  const separate = new Set(endpoints.map(snapshotEndpointId));
  const { errors, texts } = newErrors(errorsBefore, snapshot, separate);
  const collective = COLLECTIVE_ENDPOINTS.filter(
    ({ id }) => !separate.has(id) && deltas.some((delta) => delta.id === id),
  );
  const named = endpoints.map(({ method, name }) => ({
    id: endpointId(method, name),
    method,
    name,
  }));
  const names = [...named, ...collective];
  return {
    names: names.filter(isNew),
    texts: texts.filter(isNew),
    errors: withinFailures(errors, deltas, endpoints),
  };
};

/** When the load ended, as far as it is known. Unix ms. */
export const loadEndOf = (run: LoadTestRun): number | undefined =>
  run.stopSentAt ?? run.stoppingAt ?? run.loadEndedAt;

/**
 * The second of a snapshot. Final totals that come after the load are those of its end: nobody knows which second the
 * requests that they add belong to, where all seconds of the load were seen before, or none (`undefined`).
 */
const secondOf = (
  run: LoadTestRun,
  { at, final = false }: SnapshotOrigin,
  lastSecond: number | undefined,
): number | undefined => {
  const second = Math.max(Math.floor(at / 1000), lastSecond ?? 0);
  if (!final) return second;
  if (lastSecond === undefined) return undefined;
  const loadEndMs = loadEndOf(run);
  const lastOfLoad = loadEndMs === undefined ? second : Math.ceil(loadEndMs / 1000) - 1;
  if (second - lastOfLoad <= SPREAD_SECONDS) return second;
  return lastSecond < lastOfLoad ? lastOfLoad : undefined;
};

/**
 * The last change that any poster has shown, for one that continues a snapshot: where several show the same requests, the
 * first to show them need not be the one that has shown those before.
 */
const lastChange = (
  before: MasterInstance["snapshot"],
  { masterInstances }: RunAggregate,
): MasterInstance["snapshot"] => {
  if (before === undefined) return undefined;
  const changedAt = (note: typeof before): number => note.changedSecond ?? 0;
  return [...masterInstances.values()]
    .flatMap(({ snapshot }) => snapshot ?? [])
    .reduce((last, one) => (changedAt(one) > changedAt(last) ? one : last), before);
};

/** A snapshot of which nothing counts: it says neither how many users there are nor what was counted. */
const recordOfOther = (
  snapshot: SnapshotInput,
  { source, reporter, at }: SnapshotOrigin,
  { before, lastSecond, note }: Since,
): RecordContent[] => {
  const second = Math.max(Math.floor(at / 1000), lastSecond ?? 0);
  // Of its errors, too, only those count that were counted before.
  const { errors: _, ...rest } = snapshot;
  const errors = before?.snapshot?.errors;
  return snapshotRecords({
    ...NOTHING,
    second,
    names: [],
    texts: [],
    note: {
      source,
      ...(reporter === undefined ? {} : { reporter }),
      ...note,
      snapshot: { ...rest, ...(errors === undefined ? {} : { errors }) },
      fromSecond: second,
      countsFrom: second,
      // It may stand in the place of one that counts.
      changedSecond: before?.changedSecond,
      notBefore: before?.notBefore,
    },
  });
};

/** The records of a snapshot: see `SnapshotNote` for what they cover. */
export const contentsOf = (
  run: LoadTestRun,
  snapshot: SnapshotInput,
  origin: SnapshotOrigin,
  since: Since,
): RecordContent[] => {
  if (since.note.isOther === true) return recordOfOther(snapshot, origin, since);
  const unknown = since.deltas.filter(isUnknown);
  if (unknown.length > 0) {
    const known = since.deltas.filter((delta) => !isUnknown(delta));
    const { names, texts } = namesAndErrors(snapshot, since);
    return [
      untimedRecord({ deltas: unknown, errors: [] }, { names, texts }),
      ...contentsOf(run, snapshot, origin, { ...since, deltas: known }),
    ];
  }
  const { before, lastSecond, deltas, runAggregate, counted: beside } = since;
  const { source, reporter, at } = origin;
  const isChanged = deltas.some(({ requests, failures }) => requests > 0 || failures > 0);
  const { names, texts, errors } = namesAndErrors(snapshot, since);
  const counted = { deltas, errors };
  const ofSource = {
    source,
    ...(reporter === undefined ? {} : { reporter }),
    ...since.note,
  };
  const second = secondOf(run, origin, lastSecond);
  const arrived = second ?? Math.max(Math.floor(at / 1000), lastSecond ?? 0);
  const state = {
    snapshot,
    ...(beside === undefined ? {} : { counted: beside }),
    ...workersAfter(before?.workers, origin.workers, loadEndOf(run) === undefined),
  };
  if (second === undefined) {
    const note = { ...ofSource, ...state, fromSecond: arrived };
    return [untimedRecord(counted, { names, texts }, note)];
  }
  const begun = run.loadStartedAt ?? run.startSent?.at ?? run.startedAt ?? at;
  const next = lastSecond === undefined ? Math.floor(begun / 1000) : lastSecond + 1;
  const fromSecond = Math.min(second, Math.max(next, second - MOST_SPREAD_SECONDS));
  const { from, to, notBefore, weights } = spreadOf({
    second,
    next: fromSecond,
    before: lastChange(before, runAggregate),
    loadEndMs: loadEndOf(run),
    requests: deltas.reduce((sum, { requests }) => sum + requests, 0),
    recent: runAggregate.recent,
  });
  const spread = { countsFrom: from, weights: [...weights] };
  const target = run.commandedLoad?.targetUsers ?? run.targetUsers ?? snapshot.currentUsers;
  const users = { target, real: snapshot.currentUsers };
  const note = {
    ...ofSource,
    ...state,
    fromSecond,
    countsFrom: second,
    // Before the first request the page stands still since the load began.
    changedSecond: isChanged ? second : (before?.changedSecond ?? fromSecond - 1),
    notBefore,
  };
  const shared = { second, users, names, texts };
  const recordsOf = (counts: typeof counted | typeof NOTHING, more: Partial<typeof note>) =>
    snapshotRecords({ ...counts, ...shared, note: { ...note, ...more } });

  if (!isChanged) return recordsOf(NOTHING, {});
  if (next < fromSecond) {
    const later = { fromSecond: second, notBefore: second + 1 };
    return [untimedRecord(counted, { names, texts }), ...recordsOf(NOTHING, later)];
  }
  if (to === second) return recordsOf(counted, spread);
  const earlier = { ...ofSource, fromSecond: to + 1, ...spread };
  return [
    ...snapshotRecords({ ...counted, second: to, users, names: [], texts: [], note: earlier }),
    ...recordsOf(NOTHING, {}),
  ];
};
