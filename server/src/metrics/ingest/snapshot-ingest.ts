import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricStore, MetricRecord } from "../../stores/model/metric-store.ts";
import type { RunEventStore, ServerEvent } from "../../stores/model/event-store.ts";
import { RECORD } from "../codec/batch.ts";
import { denormalizedTotalsOf } from "../codec/denormalized-totals.ts";
import type { EndpointDelta, SnapshotNote } from "../codec/sample.ts";
import {
  type Counted,
  countedBeside,
  countedWith,
  type Fold,
  foldFor,
  largestCounts,
  MAX_ENDPOINTS,
  riseTo,
  snapshotEndpoints,
} from "../codec/snapshot-deltas.ts";
import { repairedSnapshot } from "../codec/swapped-endpoint.ts";
import type { RunAggregateCache } from "../live/run-aggregate-cache.ts";
import type { MasterInstance, RunAggregate } from "../live/run-aggregate.ts";
import { type Place, placeOf } from "./series.ts";
import { contentsOf, type SnapshotOrigin } from "./snapshot-contents.ts";

type Deps = {
  readonly metrics: MetricStore;
  readonly events: RunEventStore;
  readonly aggregates: RunAggregateCache;
};

/** Whether the snapshot counts: it does not where another source of the same requests does, or after the final one. */
export type StoreSnapshot = (
  run: LoadTestRun,
  snapshot: SnapshotInput,
  origin: SnapshotOrigin,
) => Promise<boolean>;

/** What a snapshot adds. */
type Addition = {
  /** The instance that it continues: absent at the start and after a reset. */
  readonly before: MasterInstance | undefined;
  readonly deltas: readonly EndpointDelta[];
  readonly errorsBefore: Pick<SnapshotInput, "errors"> | undefined;
  readonly counted: SnapshotNote["counted"];
};

/** After a reset the counts start again as a new master instance. */
const additionOf = (
  runAggregate: RunAggregate,
  { last, counts }: Place,
  snapshot: SnapshotInput,
  fold: Fold,
): Addition => {
  const before = last?.instance;
  if (counts.since === "nothing") {
    return { before, deltas: [], errorsBefore: before?.snapshot?.snapshot, counted: undefined };
  }
  if (counts.since === "all") {
    const known = [...runAggregate.masterInstances.values()];
    const errors = known.flatMap((one) => one.snapshot?.snapshot?.errors ?? []);
    const deltas = riseTo(runAggregate.endpoints, snapshot, fold);
    return { before, deltas, errorsBefore: { errors: largestCounts(errors) }, counted: undefined };
  }
  const known: Counted = counts.since === "last" ? counts.counted : new Map();
  const continued = counts.since === "last" ? before : undefined;
  const deltas = riseTo(known, snapshot, fold);
  const beside = countedBeside(countedWith(known, deltas), snapshot, fold);
  return {
    before: continued,
    deltas,
    errorsBefore: continued?.snapshot?.snapshot,
    counted: Object.keys(beside).length === 0 ? undefined : beside,
  };
};

/** The newest second of which the master's own page has shown nothing yet, and posts have. */
const lastSecondOf = (
  { masterInstances }: RunAggregate,
  { last }: Place,
  { source }: SnapshotOrigin,
): number | undefined => {
  if (last !== undefined || source === "json") return last?.note.second;
  const seconds = [...masterInstances.values()].flatMap(({ snapshot }) => snapshot?.second ?? []);
  return seconds.length === 0 ? undefined : seconds.reduce((most, one) => Math.max(most, one));
};

/**
 * Stores cumulative snapshots (times in ms) as records like the plugin's: each holds what was added since the one before.
 * Snapshots of one run are stored one after the other; a snapshot after the final one is ignored.
 */
export const createSnapshotIngest = ({ metrics, events, aggregates }: Deps) => {
  const queues = new Map<string, Promise<unknown>>();

  const store: StoreSnapshot = async (run, posted, origin) => {
    const { at, final = false } = origin;
    const snapshot = origin.source === "json" ? repairedSnapshot(posted) : posted;
    const runAggregate = await aggregates.get(run.id);
    const fold = foldFor(runAggregate.names.keys(), snapshotEndpoints(snapshot));
    const place = placeOf(runAggregate, run, snapshot, origin, fold);
    if (place === undefined) return false;
    const { last, nextId } = place;
    const endpoints = fold(snapshotEndpoints(snapshot));
    const addition = additionOf(runAggregate, place, snapshot, fold);
    const { before } = addition;
    const key = {
      runId: run.id,
      masterInstanceId: before === undefined ? nextId : (last?.id ?? nextId),
    };
    const since = {
      ...addition,
      before: before?.snapshot,
      note: place.note,
      lastSecond: lastSecondOf(runAggregate, place, origin),
      endpoints,
      runAggregate,
    };
    const contents = contentsOf(run, snapshot, origin, since);
    const firstSeq = before === undefined ? 1 : before.upTo + 1;
    const records: MetricRecord[] = contents.map(({ type, second, body }, index) => ({
      ...key,
      seq: firstSeq + index,
      type,
      second,
      body,
    }));
    if (final) {
      const end = { seq: firstSeq + records.length, type: RECORD.final, second: 0 };
      records.push({ ...key, ...end, body: Buffer.from("{}") });
    }
    await metrics.append(records, (index) => {
      const content = contents[index];
      return denormalizedTotalsOf(
        run,
        content === undefined ? undefined : { sample: content, deltas: content.deltas },
      );
    });
    if (snapshotEndpoints(snapshot).length > endpoints.length)
      await recordCapped(events, run.id, at);
    if (place.isSeveral) {
      const known = [...runAggregate.masterInstances.values()];
      const reporters = [origin.reporter, ...known.map((one) => one.snapshot?.reporter)];
      await recordSeveral(events, run.id, at, reporters);
    }
    if (contents.some(({ type }) => type === RECORD.untimed))
      await recordUntimed(events, run.id, at);
    await aggregates.add(
      run.id,
      records.map((record) => ({ record })),
    );
    return place.counts.since !== "nothing";
  };

  const inTurn: StoreSnapshot = (run, snapshot, origin) => {
    const previous = queues.get(run.id) ?? Promise.resolve();
    const stored = previous.then(() => store(run, snapshot, origin));
    const settled: Promise<unknown> = stored.catch(() => {});
    queues.set(run.id, settled);
    void settled.then(() => {
      if (queues.get(run.id) === settled) queues.delete(run.id);
    });
    return stored;
  };
  return inTurn;
};

const recordSeveral = (
  events: RunEventStore,
  runId: string,
  at: number,
  reporters: readonly (string | undefined)[],
): Promise<void> => {
  const addresses = [...new Set(reporters.flatMap((one) => one ?? []))].toSorted();
  const from = addresses.length === 1 ? `all from ${addresses.join()}` : addresses.join(", ");
  const message = `Several processes post the totals of this run (${from}). The largest totals count; nothing is added up.`;
  const id = `${runId}:several_reporters`;
  const event: ServerEvent = { id, at, type: "several_reporters", message };
  return events.append(runId, [event]);
};

const recordUntimed = (events: RunEventStore, runId: string, at: number): Promise<void> => {
  const message = "Some requests of this run are known only as totals: no second of them is known.";
  const untimed: ServerEvent = {
    id: `${runId}:totals_without_time`,
    at,
    type: "totals_without_time",
    message,
  };
  return events.append(runId, [untimed]);
};

const recordCapped = (events: RunEventStore, runId: string, at: number): Promise<void> => {
  const message = `The run has more than ${MAX_ENDPOINTS} endpoints; the rest are counted as (other).`;
  const id = `${runId}:endpoints_capped`;
  const capped: ServerEvent = { id, at, type: "endpoints_capped", message };
  return events.append(runId, [capped]);
};
