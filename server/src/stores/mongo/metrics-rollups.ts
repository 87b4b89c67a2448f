import { Binary, type Db, type Document } from "mongodb";
import type { Rollup, RollupQuery, Reading, MetricRecord } from "../model/metric-store.ts";
import { compareText } from "../../lib/text.ts";
import { bytesOf, long, toDocument } from "./document.ts";
import {
  isCompleted,
  isIn,
  type Manifest,
  type Manifests,
  withCompacted,
} from "./metrics-manifest.ts";
import { collectionOf, type Documents } from "./walk.ts";

type Key = Pick<MetricRecord, "masterInstanceId" | "seq">;
/** A rollup with the number of the compaction that wrote it. */
type StoredRollup = { readonly id: string; readonly compaction: number; readonly rollup: Rollup };

/** Rollups of one insert, ids of one query. */
const AT_ONCE = 200;
const ENDPOINT = /^[0-9a-f]{16}$/;

const chunksOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) =>
    items.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );

export const rollupOf = (document: Document): StoredRollup => ({
  id: String(document["_id"]),
  compaction: Number(document["compaction"]),
  rollup: {
    runId: String(document["loadTestRunId"]),
    series: String(document["series"]),
    level: Number(document["level"]),
    start: Number(document["start"]),
    body: bytesOf(document["body"]),
  },
});

const placeOf = ({ level, series, start }: Omit<Rollup, "runId" | "body">): string =>
  `${level}:${series}:${start}`;

/** Of each place the newest that belongs to a completed compaction. */
const holding = (manifest: Manifest, stored: readonly StoredRollup[]): Rollup[] => {
  const newest = new Map<string, StoredRollup>();
  for (const one of stored) {
    const { compaction, rollup } = one;
    if (!isCompleted(manifest, compaction)) continue;
    const known = newest.get(placeOf(rollup));
    if (known === undefined || known.compaction < compaction) newest.set(placeOf(rollup), one);
  }
  return [...newest.values()]
    .map(({ rollup }) => rollup)
    .toSorted((a, b) => compareText(a.series, b.series) || a.start - b.start);
};

const removeRecords = async (
  records: Documents,
  runId: string,
  keys: readonly Key[],
): Promise<void> => {
  for (const some of chunksOf(keys)) {
    const ids = some.map(({ masterInstanceId, seq }) => `${runId}:${masterInstanceId}:${seq}`);
    await records.deleteMany({ _id: { $in: ids } });
  }
};

const areThere = async (
  records: Documents,
  runId: string,
  keys: readonly Key[],
): Promise<boolean> => {
  for (const some of chunksOf(keys)) {
    const ids = some.map(({ masterInstanceId, seq }) => `${runId}:${masterInstanceId}:${seq}`);
    const found = await records.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
    if (found.length !== new Set(ids).size) return false;
  }
  return true;
};

export const rollupDocument = (
  { runId, series, level, start, body }: Rollup,
  compaction: number,
): Document & { _id: string } => ({
  _id: `${runId}:${level}:${series}:${start}:${compaction}`,
  ...toDocument({ loadTestRunId: runId, series, level, start, compaction }),
  body: new Binary(Uint8Array.from(body)),
});

/** Deletes what a kill may have left of a run: compacted records, and rollups that no longer count. */
const sweeper =
  (collection: Documents, records: Documents, manifest: Manifests) =>
  async (runId: string): Promise<void> => {
    const now = await manifest.read(runId);
    if (!now.untidy) return;
    const keys = await records
      .find({ loadTestRunId: runId }, { projection: { masterInstanceId: 1, seq: 1 } })
      .map((record) => ({
        masterInstanceId: String(record["masterInstanceId"]),
        seq: Number(record["seq"]),
      }))
      .toArray();
    await removeRecords(
      records,
      runId,
      keys.filter((key) => isIn(now.compacted, key)),
    );
    const all = await collection
      .find({ loadTestRunId: runId }, { projection: { body: 0 } })
      .map(rollupOf)
      .toArray();
    const newest = new Map<string, number>();
    for (const { compaction, rollup } of all) {
      if (isCompleted(now, compaction))
        newest.set(placeOf(rollup), Math.max(compaction, newest.get(placeOf(rollup)) ?? 0));
    }
    // A compaction that is not completed may be under way: its rollups stay until a later one is completed.
    const last = now.completed.at(-1)?.to ?? 0;
    const stale = all.filter(
      ({ compaction, rollup }) => compaction <= last && newest.get(placeOf(rollup)) !== compaction,
    );
    for (const some of chunksOf(stale)) {
      await collection.deleteMany({ _id: { $in: some.map(({ id }) => id) } });
    }
    await manifest.tidied(runId, now.version);
  };

/** The rollups of a query that count, as a manifest has them. */
const rollupsIn = async (
  collection: Documents,
  runId: string,
  query: RollupQuery,
  as: Manifest,
): Promise<Rollup[]> => {
  const { level, series, fromStart, toStart } = query;
  const found = await collection
    .find({
      loadTestRunId: runId,
      level: long(level),
      ...(series === "endpoints" ? {} : { series: { $in: [...series] } }),
      start: { $gte: long(fromStart), $lte: long(toStart) },
    })
    .map(rollupOf)
    .toArray();
  const wanted = found.filter(
    ({ rollup }) => series !== "endpoints" || ENDPOINT.test(rollup.series),
  );
  return holding(as, wanted);
};

/**
 * Rollups beside the records, without transactions: a compaction writes its rollups under its own number; then one write to the
 * manifest makes them count, and the records not; only after that are the records and older rollups deleted.
 */
export const metricRollups = (db: Db, manifest: Manifests) => {
  const collection = collectionOf(db, "metrics_rollups");
  const records = collectionOf(db, "metrics_timeseries");
  const sweep = sweeper(collection, records, manifest);

  return {
    sweep,
    readRollups:
      (
        rowsOf: (
          runId: string,
          range: { fromSecond?: number; toSecond?: number },
        ) => Promise<MetricRecord[]>,
      ) =>
      async (
        runId: string,
        query: {
          readonly rollups: readonly RollupQuery[];
          readonly records?: { readonly fromSecond?: number; readonly toSecond?: number };
        },
      ): Promise<Reading> => {
        for (;;) {
          const before = await manifest.read(runId);
          const rollups: Rollup[] = [];
          for (const one of query.rollups)
            rollups.push(...(await rollupsIn(collection, runId, one, before)));
          const found = query.records === undefined ? [] : await rowsOf(runId, query.records);
          // It was compacted meanwhile: rollups and records that were read are not of one moment.
          if ((await manifest.read(runId)).version !== before.version) continue;
          return { rollups, records: found, compacted: [...before.compacted] };
        }
      },
    compact: async (
      runId: string,
      keys: readonly Key[],
      rollups: readonly Rollup[],
    ): Promise<boolean> => {
      const begun = await manifest.begin(runId);
      if (
        keys.some((key) => isIn(begun.compacted, key)) ||
        !(await areThere(records, runId, keys))
      ) {
        return false;
      }
      const documents = rollups.map((rollup) =>
        rollupDocument({ ...rollup, runId }, begun.compactions),
      );
      for (const some of chunksOf(documents)) await collection.insertMany(some);
      const done = await manifest.complete(runId, begun, withCompacted(begun.compacted, keys));
      if (done) await sweep(runId);
      else {
        for (const some of chunksOf(documents)) {
          await collection.deleteMany({ _id: { $in: some.map(({ _id }) => _id) } });
        }
      }
      return done;
    },
    expire: async (
      level: number,
      beforeStart: number,
      keptRunIds: readonly string[],
    ): Promise<void> => {
      await collection.deleteMany({
        level: long(level),
        start: { $lt: long(beforeStart) },
        loadTestRunId: { $nin: [...keptRunIds] },
      });
    },
    deleteRun: async (runId: string): Promise<void> => {
      await collection.deleteMany({ loadTestRunId: runId });
      await manifest.remove(runId);
    },
  };
};
