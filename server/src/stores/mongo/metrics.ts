import { Binary, type Db, type Document } from "mongodb";
import type {
  AppendResult,
  MetricStore,
  DenormalizedTotals,
  MetricRecord,
} from "../model/metric-store.ts";
import { bySeq, sameRecord, TIMED_TYPES } from "../shared/samples.ts";
import { bytesOf, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { isIn, type Manifests, manifests } from "./metrics-manifest.ts";
import { metricRollups } from "./metrics-rollups.ts";
import { collectionOf, type Documents } from "./walk.ts";

type Given = { readonly index: number; readonly record: MetricRecord };
type Key = Pick<MetricRecord, "masterInstanceId" | "seq">;

/** Ids asked for in one query, documents written in one command. */
const AT_ONCE = 500;

const recordId = (runId: string, { masterInstanceId, seq }: Key): string =>
  `${runId}:${masterInstanceId}:${seq}`;

const chunks = <T>(items: readonly T[], size = AT_ONCE): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

export const recordDocument = (record: MetricRecord, totals: DenormalizedTotals | undefined) => ({
  _id: recordId(record.runId, record),
  ...toDocument({
    loadTestRunId: record.runId,
    ...totals,
    // A record that speaks of no second has no time.
    ...(record.second > 0 ? { timestamp: record.second * 1000 } : {}),
    masterInstanceId: record.masterInstanceId,
    seq: record.seq,
    type: record.type,
  }),
  body: new Binary(Uint8Array.from(record.body)),
});

export const recordOf = (document: Document): MetricRecord => ({
  runId: String(document["loadTestRunId"]),
  masterInstanceId: String(document["masterInstanceId"]),
  seq: Number(document["seq"]),
  type: Number(document["type"]),
  second: Number(document["timestamp"] ?? 0) / 1000,
  body: bytesOf(document["body"]),
});

/** The seconds of a range as the times that documents carry; only what speaks of a second has one. */
const within = (range: { readonly fromSecond?: number; readonly toSecond?: number }) => ({
  timestamp: {
    $gte: long((range.fromSecond ?? 0) * 1000),
    $lte: long(Math.min(range.toSecond ?? Number.MAX_SAFE_INTEGER, 2 ** 40) * 1000),
  },
});

const stored = async (
  records: Documents,
  ids: readonly string[],
): Promise<Map<string, MetricRecord>> => {
  const found = new Map<string, MetricRecord>();
  for (const some of chunks(ids)) {
    for (const document of await records.find({ _id: { $in: some } }).toArray()) {
      found.set(document._id, recordOf(document));
    }
  }
  return found;
};

/** The records of a filter that are not compacted, by (masterInstanceId, seq). */
const uncompactedRecords = async (
  records: Documents,
  manifest: Manifests,
  runId: string,
  filter: Document,
): Promise<MetricRecord[]> => {
  const found = await records
    .find({ loadTestRunId: runId, ...filter })
    .map(recordOf)
    .toArray();
  const { compacted } = await manifest.read(runId);
  return found.filter((record) => !isIn(compacted, record)).toSorted(bySeq);
};

/** Appends one run's records: reads what is stored before it writes, and again where another writer was first. */
const appendTo = async (
  records: Documents,
  manifest: Manifests,
  runId: string,
  all: readonly Given[],
  totalsOf: (index: number) => DenormalizedTotals | undefined,
  result: AppendResult,
): Promise<void> => {
  const firsts = new Map<string, Given>();
  for (const one of all) {
    const id = recordId(runId, one.record);
    if (!firsts.has(id)) firsts.set(id, one);
  }
  const kept = new Map<string, MetricRecord>();
  const keep = (given: readonly [string, Given][]): void => {
    for (const [id, { record, index }] of given) {
      kept.set(id, record);
      result.inserted.push(index);
    }
  };
  for (let beaten = true; beaten;) {
    beaten = false;
    const open = [...firsts.keys()].filter((id) => !kept.has(id));
    for (const [id, record] of await stored(records, open)) kept.set(id, record);
    // The manifest is read after the records: a record that is compacted between the two reads is in one of them.
    const { compacted } = await manifest.read(runId);
    const absent = [...firsts].filter(
      ([id, { record }]) => !kept.has(id) && !isIn(compacted, record),
    );
    for (const some of chunks(absent)) {
      try {
        await records.insertMany(
          some.map(([, { record, index }]) => recordDocument(record, totalsOf(index))),
        );
        keep(some);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        keep(some.slice(0, insertedBefore(error)));
        beaten = true;
        break;
      }
    }
  }
  for (const { record, index } of all) {
    const first = kept.get(recordId(runId, record));
    if (first !== undefined && !sameRecord(first, record)) result.conflicting.push(index);
  }
};

const rowsAfter = async (
  records: Documents,
  manifest: Manifests,
  runId: string,
  cursor: ReadonlyMap<string, number>,
  limit: number,
): Promise<MetricRecord[]> => {
  const { compacted } = await manifest.read(runId);
  const found: MetricRecord[] = [];
  for (let masterInstanceId = ""; found.length < limit;) {
    const [next] = await records
      .find(
        { loadTestRunId: runId, masterInstanceId: { $gt: masterInstanceId } },
        { projection: { masterInstanceId: 1 } },
      )
      .sort({ masterInstanceId: 1 })
      .limit(1)
      .toArray();
    if (next === undefined) break;
    masterInstanceId = String(next["masterInstanceId"]);
    const after = long(cursor.get(masterInstanceId) ?? -1);
    const later = records
      .find({ loadTestRunId: runId, masterInstanceId, seq: { $gt: after } })
      .sort({ seq: 1 })
      .map(recordOf);
    for await (const record of later) {
      if (found.length === limit) break;
      if (!isIn(compacted, record)) found.push(record);
    }
  }
  return found;
};

const TIMED = { $in: TIMED_TYPES.map(long) };

const runsToCompact = async (
  records: Documents,
  sweep: (runId: string) => Promise<void>,
  beforeSecond: number,
): Promise<{ runId: string; second: number }[]> => {
  const found: { runId: string; second: number }[] = [];
  const before = { $lt: long(beforeSecond * 1000) };
  for (let runId = ""; ;) {
    const [next] = await records
      .find({ type: TIMED, loadTestRunId: { $gt: runId } }, { projection: { loadTestRunId: 1 } })
      .sort({ loadTestRunId: 1 })
      .limit(1)
      .toArray();
    if (next === undefined) return found;
    runId = String(next["loadTestRunId"]);
    await sweep(runId);
    const [oldest] = await records
      .find({ type: TIMED, loadTestRunId: runId, timestamp: before })
      .sort({ timestamp: 1 })
      .limit(1)
      .map(recordOf)
      .toArray();
    if (oldest !== undefined) found.push({ runId, second: oldest.second });
  }
};

/** One document for each record. Compacted records are in `metrics_rollups`: their own documents count no longer. */
export const mongoMetrics = (db: Db): MetricStore => {
  const records = collectionOf(db, "metrics_timeseries");
  const manifest = manifests(db);
  const rollups = metricRollups(db, manifest);
  return {
    append: verb(async (given, totalsOf = () => undefined) => {
      const result: AppendResult = { inserted: [], conflicting: [] };
      const copies = given.map((record, index) => ({
        index,
        record: { ...record, body: Uint8Array.from(record.body) },
      }));
      for (const [runId, ofRun] of Map.groupBy(copies, ({ record }) => record.runId)) {
        await appendTo(records, manifest, runId, ofRun, totalsOf, result);
      }
      const ascending = (a: number, b: number) => a - b;
      return {
        inserted: result.inserted.toSorted(ascending),
        conflicting: result.conflicting.toSorted(ascending),
      };
    }),
    read: verb(async (runId, range) =>
      uncompactedRecords(records, manifest, runId, range === undefined ? {} : within(range)),
    ),
    readAfter: verb((runId, cursor, limit) => rowsAfter(records, manifest, runId, cursor, limit)),
    readRollups: verb(
      rollups.readRollups((runId, range) =>
        uncompactedRecords(
          records,
          manifest,
          runId,
          Object.keys(range).length === 0 ? {} : within(range),
        ),
      ),
    ),
    compact: verb(rollups.compact),
    uncompacted: verb((beforeSecond) => runsToCompact(records, rollups.sweep, beforeSecond)),
    expire: verb(rollups.expire),
    deleteRun: verb(async (runId) => {
      await records.deleteMany({ loadTestRunId: runId });
      await rollups.deleteRun(runId);
    }),
  };
};

/** How many documents an ordered insert wrote before the one that was there already. */
const insertedBefore = (error: unknown): number => {
  if (typeof error !== "object" || error === null || !("writeErrors" in error)) return 0;
  const [first] = [error.writeErrors].flat() as { index?: number }[];
  return first?.index ?? 0;
};
