import { Binary, type Db, type Document } from "mongodb";
import type { Block, BlockQuery, Reading, SampleRow } from "../ports.ts";
import { compareText } from "../shared/text.ts";
import { bytesOf, long, toDocument } from "./document.ts";
import {
  isCompleted,
  isIn,
  type Manifest,
  type Manifests,
  withMerged,
} from "./metrics-manifest.ts";

type Key = Pick<SampleRow, "attempt" | "boot" | "seq">;
type Rollup = { readonly id: string; readonly attempt: number; readonly block: Block };

/** Rollups of one insert, ids of one query. */
const AT_ONCE = 200;
const ENDPOINT = /^[0-9a-f]{16}$/;

const chunksOf = <T>(items: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(items.length / AT_ONCE) }, (_, index) =>
    items.slice(index * AT_ONCE, (index + 1) * AT_ONCE),
  );

export const rollupOf = (document: Document): Rollup => ({
  id: String(document["_id"]),
  attempt: Number(document["mergeAttempt"]),
  block: {
    runId: String(document["loadTestRunId"]),
    series: String(document["series"]),
    level: Number(document["level"]),
    start: Number(document["start"]),
    body: bytesOf(document["body"]),
  },
});

const placeOf = ({ level, series, start }: Omit<Block, "runId" | "body">): string =>
  `${level}:${series}:${start}`;

/** Of each place the newest that belongs to a completed attempt. */
const holding = (manifest: Manifest, rollups: readonly Rollup[]): Block[] => {
  const newest = new Map<string, Rollup>();
  for (const rollup of rollups) {
    const { attempt, block } = rollup;
    if (!isCompleted(manifest, attempt)) continue;
    const known = newest.get(placeOf(block));
    if (known === undefined || known.attempt < attempt) newest.set(placeOf(block), rollup);
  }
  return [...newest.values()]
    .map(({ block }) => block)
    .toSorted((a, b) => compareText(a.series, b.series) || a.start - b.start);
};

/**
 * Blocks beside the rows, without transactions: an attempt writes its blocks under its own number, the manifest then
 * says in one write that they hold and that the rows do not, and only after that are the rows and older blocks taken away.
 */
export const metricRollups = (db: Db, manifest: Manifests) => {
  const collection = db.collection<Document & { _id: string }>("metrics_rollups");
  const rows = db.collection<Document & { _id: string }>("metrics_timeseries");

  const blocksOf = async (runId: string, query: BlockQuery, as: Manifest): Promise<Block[]> => {
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
      ({ block }) => series !== "endpoints" || ENDPOINT.test(block.series),
    );
    return holding(as, wanted);
  };

  const removeRows = async (runId: string, keys: readonly Key[]): Promise<void> => {
    for (const some of chunksOf(keys)) {
      const ids = some.map(({ attempt, boot, seq }) => `${runId}:${attempt}:${boot}:${seq}`);
      await rows.deleteMany({ _id: { $in: ids } });
    }
  };

  /** Rows that are merged, and rollups that hold no more: what a kill may have left. */
  const sweep = async (runId: string): Promise<void> => {
    const now = await manifest.read(runId);
    if (!now.untidy) return;
    const keys = await rows
      .find({ loadTestRunId: runId }, { projection: { attempt: 1, boot: 1, seq: 1 } })
      .map((row) => ({
        attempt: Number(row["attempt"]),
        boot: String(row["boot"]),
        seq: Number(row["seq"]),
      }))
      .toArray();
    await removeRows(
      runId,
      keys.filter((key) => isIn(now.merged, key)),
    );
    const all = await collection
      .find({ loadTestRunId: runId }, { projection: { body: 0 } })
      .map(rollupOf)
      .toArray();
    const newest = new Map<string, number>();
    for (const { attempt, block } of all) {
      if (isCompleted(now, attempt))
        newest.set(placeOf(block), Math.max(attempt, newest.get(placeOf(block)) ?? 0));
    }
    // An attempt that is not completed may be under way: its blocks stay until a later one is completed.
    const last = now.completed.at(-1)?.to ?? 0;
    const stale = all.filter(
      ({ attempt, block }) => attempt <= last && newest.get(placeOf(block)) !== attempt,
    );
    for (const some of chunksOf(stale)) {
      await collection.deleteMany({ _id: { $in: some.map(({ id }) => id) } });
    }
    await manifest.tidied(runId, now.version);
  };

  const areThere = async (runId: string, keys: readonly Key[]): Promise<boolean> => {
    for (const some of chunksOf(keys)) {
      const ids = some.map(({ attempt, boot, seq }) => `${runId}:${attempt}:${boot}:${seq}`);
      const found = await rows.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
      if (found.length !== new Set(ids).size) return false;
    }
    return true;
  };

  return {
    sweep,
    readBlocks:
      (
        rowsOf: (
          runId: string,
          range: { fromSecond?: number; toSecond?: number },
        ) => Promise<SampleRow[]>,
      ) =>
      async (
        runId: string,
        query: {
          readonly blocks: readonly BlockQuery[];
          readonly rows?: { readonly fromSecond?: number; readonly toSecond?: number };
        },
      ): Promise<Reading> => {
        for (;;) {
          const before = await manifest.read(runId);
          const blocks: Block[] = [];
          for (const one of query.blocks) blocks.push(...(await blocksOf(runId, one, before)));
          const found = query.rows === undefined ? [] : await rowsOf(runId, query.rows);
          // Merged meanwhile: what was read of blocks and of rows are not of one moment.
          if ((await manifest.read(runId)).version !== before.version) continue;
          return { blocks, rows: found, merged: [...before.merged] };
        }
      },
    merge: async (
      runId: string,
      keys: readonly Key[],
      blocks: readonly Block[],
    ): Promise<boolean> => {
      const begun = await manifest.begin(runId);
      if (keys.some((key) => isIn(begun.merged, key)) || !(await areThere(runId, keys))) {
        return false;
      }
      const documents = blocks.map(({ series, level, start, body }) => ({
        _id: `${runId}:${level}:${series}:${start}:${begun.attempts}`,
        ...toDocument({ loadTestRunId: runId, series, level, start, mergeAttempt: begun.attempts }),
        body: new Binary(Uint8Array.from(body)),
      }));
      for (const some of chunksOf(documents)) await collection.insertMany(some);
      const done = await manifest.complete(runId, begun, withMerged(begun.merged, keys));
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
