import { Binary, type Db } from "mongodb";
import { type DumpPage, type KindDumps, pageLimit, placeOf, placeText } from "../dump.ts";
import type { Block } from "../ports.ts";
import { toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { rowDocument, rowOf } from "./metrics.ts";
import { isCompleted, isIn, type Manifest, manifestOf, manifests } from "./metrics-manifest.ts";
import { rollupOf } from "./metrics-rollups.ts";
import { clearAll, collectionOf, inOrder, pageOf, putAll } from "./walk.ts";

/** What is copied here is one completed attempt at merging. */
const ATTEMPT = 1;
const PLACE = ["loadTestRunId", "level", "series", "start"] as const;

const manifestDocument = (merged: Manifest["merged"]) =>
  toDocument({
    version: 1,
    attempts: ATTEMPT,
    completed: [{ from: ATTEMPT, to: ATTEMPT }],
    merged: merged.map(({ attempt, boot, fromSeq, toSeq }) => ({ attempt, boot, fromSeq, toSeq })),
    untidy: false,
  });

export const mongoMetricDumps = (
  db: Db,
): Pick<KindDumps, "metrics_timeseries" | "metrics_blocks" | "metrics_merged"> => {
  const rows = collectionOf(db, "metrics_timeseries");
  const rollups = collectionOf(db, "metrics_rollups");
  const merges = collectionOf(db, "metrics_merges");
  const manifest = manifests(db);

  const manifestsOf = async (runIds: Iterable<string>): Promise<Map<string, Manifest>> => {
    const found = new Map<string, Manifest>();
    for (const runId of new Set(runIds)) found.set(runId, await manifest.read(runId));
    return found;
  };

  /** The rollups that hold: of each place the newest of a completed attempt. A page ends between two places. */
  const walkBlocks = async (after: string | undefined): Promise<DumpPage<Block>> => {
    const isFull = pageLimit();
    const records: Block[] = [];
    let known: { readonly runId: string; readonly manifest: Manifest } | undefined;
    let last: string | undefined;
    let best: number | undefined;
    let full = false;
    for await (const document of inOrder(rollups, PLACE, placeOf(after))) {
      const { attempt, block } = rollupOf(document);
      const place = placeText([block.runId, block.level, block.series, block.start]);
      if (place !== last) {
        if (full) break;
        [last, best] = [place, undefined];
      }
      full = isFull(block.body.byteLength) || full;
      if (known?.runId !== block.runId) {
        known = { runId: block.runId, manifest: await manifest.read(block.runId) };
      }
      if (!isCompleted(known.manifest, attempt) || attempt < (best ?? 0)) continue;
      if (best === undefined) records.push(block);
      else records[records.length - 1] = block;
      best = attempt;
    }
    return { records, ...(last === undefined ? {} : { last }) };
  };

  return {
    metrics_timeseries: {
      walk: pageOf(rows, ["_id"], async (documents) => {
        const all = documents.map(rowOf);
        const byRun = await manifestsOf(all.map(({ runId }) => runId));
        return all.filter((row) => !isIn(byRun.get(row.runId)?.merged ?? [], row));
      }),
      put: verb(async (records, plain) => {
        await putAll(
          rows,
          records.map((row) => rowDocument(row, plain?.(row))),
        );
      }),
      count: verb(() => rows.estimatedDocumentCount()),
      clear: verb(() => clearAll(rows)),
    },
    metrics_blocks: {
      walk: verb(walkBlocks),
      put: verb(async (records) => {
        for (const runId of new Set(records.map((block) => block.runId))) {
          try {
            await merges.insertOne({ _id: runId, ...manifestDocument([]) });
          } catch (error) {
            if (!isDuplicate(error)) throw error;
          }
        }
        const documents = records.map(({ runId, series, level, start, body }) => ({
          _id: `${runId}:${level}:${series}:${start}:${ATTEMPT}`,
          ...toDocument({ loadTestRunId: runId, series, level, start, mergeAttempt: ATTEMPT }),
          body: new Binary(Uint8Array.from(body)),
        }));
        await putAll(rollups, documents);
      }),
      count: verb(() => rollups.estimatedDocumentCount()),
      clear: verb(() => clearAll(rollups)),
    },
    metrics_merged: {
      walk: pageOf(merges, ["_id"], (documents) =>
        documents.flatMap((document) => {
          const { merged } = manifestOf(document);
          return merged.length === 0 ? [] : [{ runId: String(document["_id"]), merged }];
        }),
      ),
      put: verb(async (records) => {
        await putAll(
          merges,
          records.map(({ runId, merged }) => ({ _id: runId, ...manifestDocument(merged) })),
        );
      }),
      count: verb(() => merges.estimatedDocumentCount()),
      // Blocks stay what holds.
      clear: verb(async () => {
        for await (const { _id } of merges.find({}, { projection: { _id: 1 } })) {
          await merges.replaceOne({ _id }, manifestDocument([]));
        }
      }),
    },
  };
};
