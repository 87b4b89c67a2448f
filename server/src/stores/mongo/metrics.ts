import { Binary, type Db, type Document } from "mongodb";
import type {
  AppendResult,
  MetricStore,
  DenormalizedTotals,
  MetricRecord,
} from "../model/metric-store.ts";
import { bySeq, SAMPLE, sameRecord } from "../shared/samples.ts";
import { bytesOf, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { isIn, type Manifests, manifests } from "./metrics-manifest.ts";
import { metricRollups } from "./metrics-rollups.ts";
import { collectionOf, type Documents } from "./walk.ts";

type Given = { readonly index: number; readonly row: MetricRecord };
type Key = Pick<MetricRecord, "masterInstanceId" | "seq">;

/** Ids asked for in one query, documents written in one command. */
const AT_ONCE = 500;

const rowId = (runId: string, { masterInstanceId, seq }: Key): string =>
  `${runId}:${masterInstanceId}:${seq}`;

const chunks = <T>(items: readonly T[], size = AT_ONCE): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );

export const rowDocument = (row: MetricRecord, plain: DenormalizedTotals | undefined) => ({
  _id: rowId(row.runId, row),
  ...toDocument({
    loadTestRunId: row.runId,
    ...plain,
    // A record that speaks of no second has no time.
    ...(row.second > 0 ? { timestamp: row.second * 1000 } : {}),
    masterInstanceId: row.masterInstanceId,
    seq: row.seq,
    type: row.type,
  }),
  body: new Binary(Uint8Array.from(row.body)),
});

export const rowOf = (document: Document): MetricRecord => ({
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
  rows: Documents,
  ids: readonly string[],
): Promise<Map<string, MetricRecord>> => {
  const found = new Map<string, MetricRecord>();
  for (const some of chunks(ids)) {
    for (const document of await rows.find({ _id: { $in: some } }).toArray()) {
      found.set(document._id, rowOf(document));
    }
  }
  return found;
};

/** The rows of a filter that are not compacted, by (masterInstanceId, seq). */
const uncompactedRows = async (
  rows: Documents,
  manifest: Manifests,
  runId: string,
  filter: Document,
): Promise<MetricRecord[]> => {
  const found = await rows
    .find({ loadTestRunId: runId, ...filter })
    .map(rowOf)
    .toArray();
  const { compacted } = await manifest.read(runId);
  return found.filter((row) => !isIn(compacted, row)).toSorted(bySeq);
};

/** Appends one run's rows: reads what is stored before it writes, and again where another writer was first. */
const appendTo = async (
  rows: Documents,
  manifest: Manifests,
  runId: string,
  all: readonly Given[],
  plain: (index: number) => DenormalizedTotals | undefined,
  result: AppendResult,
): Promise<void> => {
  const firsts = new Map<string, Given>();
  for (const one of all) {
    const id = rowId(runId, one.row);
    if (!firsts.has(id)) firsts.set(id, one);
  }
  const kept = new Map<string, MetricRecord>();
  const keep = (given: readonly [string, Given][]): void => {
    for (const [id, { row, index }] of given) {
      kept.set(id, row);
      result.inserted.push(index);
    }
  };
  for (let beaten = true; beaten;) {
    beaten = false;
    const open = [...firsts.keys()].filter((id) => !kept.has(id));
    for (const [id, row] of await stored(rows, open)) kept.set(id, row);
    // The manifest is read after the rows: a row that is compacted between the two reads is in one of them.
    const { compacted } = await manifest.read(runId);
    const absent = [...firsts].filter(([id, { row }]) => !kept.has(id) && !isIn(compacted, row));
    for (const some of chunks(absent)) {
      try {
        await rows.insertMany(some.map(([, { row, index }]) => rowDocument(row, plain(index))));
        keep(some);
      } catch (error) {
        if (!isDuplicate(error)) throw error;
        keep(some.slice(0, insertedBefore(error)));
        beaten = true;
        break;
      }
    }
  }
  for (const { row, index } of all) {
    const first = kept.get(rowId(runId, row));
    if (first !== undefined && !sameRecord(first, row)) result.conflicting.push(index);
  }
};

const rowsAfter = async (
  rows: Documents,
  manifest: Manifests,
  runId: string,
  cursor: ReadonlyMap<string, number>,
  limit: number,
): Promise<MetricRecord[]> => {
  const { compacted } = await manifest.read(runId);
  const found: MetricRecord[] = [];
  for (let masterInstanceId = ""; found.length < limit;) {
    const [next] = await rows
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
    const later = rows
      .find({ loadTestRunId: runId, masterInstanceId, seq: { $gt: after } })
      .sort({ seq: 1 })
      .map(rowOf);
    for await (const row of later) {
      if (found.length === limit) break;
      if (!isIn(compacted, row)) found.push(row);
    }
  }
  return found;
};

const runsToCompact = async (
  rows: Documents,
  sweep: (runId: string) => Promise<void>,
  beforeSecond: number,
): Promise<{ runId: string; second: number }[]> => {
  const found: { runId: string; second: number }[] = [];
  const before = { $lt: long(beforeSecond * 1000) };
  for (let runId = ""; ;) {
    const [next] = await rows
      .find(
        { type: long(SAMPLE), loadTestRunId: { $gt: runId } },
        { projection: { loadTestRunId: 1 } },
      )
      .sort({ loadTestRunId: 1 })
      .limit(1)
      .toArray();
    if (next === undefined) return found;
    runId = String(next["loadTestRunId"]);
    await sweep(runId);
    const [oldest] = await rows
      .find({ type: long(SAMPLE), loadTestRunId: runId, timestamp: before })
      .sort({ timestamp: 1 })
      .limit(1)
      .map(rowOf)
      .toArray();
    if (oldest !== undefined) found.push({ runId, second: oldest.second });
  }
};

/** One document for each record. Compacted records are in `metrics_rollups`: their own documents count no longer. */
export const mongoMetrics = (db: Db): MetricStore => {
  const rows = collectionOf(db, "metrics_timeseries");
  const manifest = manifests(db);
  const rollups = metricRollups(db, manifest);
  return {
    append: verb(async (given, plain = () => undefined) => {
      const result: AppendResult = { inserted: [], conflicting: [] };
      const copies = given.map((row, index) => ({
        index,
        row: { ...row, body: Uint8Array.from(row.body) },
      }));
      for (const [runId, ofRun] of Map.groupBy(copies, ({ row }) => row.runId)) {
        await appendTo(rows, manifest, runId, ofRun, plain, result);
      }
      const ascending = (a: number, b: number) => a - b;
      return {
        inserted: result.inserted.toSorted(ascending),
        conflicting: result.conflicting.toSorted(ascending),
      };
    }),
    read: verb(async (runId, range) =>
      uncompactedRows(rows, manifest, runId, range === undefined ? {} : within(range)),
    ),
    readAfter: verb((runId, cursor, limit) => rowsAfter(rows, manifest, runId, cursor, limit)),
    readRollups: verb(
      rollups.readRollups((runId, range) =>
        uncompactedRows(
          rows,
          manifest,
          runId,
          Object.keys(range).length === 0 ? {} : within(range),
        ),
      ),
    ),
    compact: verb(rollups.compact),
    uncompacted: verb((beforeSecond) => runsToCompact(rows, rollups.sweep, beforeSecond)),
    expire: verb(rollups.expire),
    deleteRun: verb(async (runId) => {
      await rows.deleteMany({ loadTestRunId: runId });
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
