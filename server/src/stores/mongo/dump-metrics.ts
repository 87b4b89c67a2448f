import type { Db } from "mongodb";
import type { DumpPage, HandWrittenDumps } from "../dump.ts";
import type { Rollup } from "../model/metric-store.ts";
import { toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { recordDocument, recordOf } from "./metrics.ts";
import {
  isCompleted,
  isIn,
  type Manifest,
  manifestOf,
  type Manifests,
  manifests,
} from "./metrics-manifest.ts";
import { rollupDocument, rollupOf } from "./metrics-rollups.ts";
import { clearAll, collectionOf, type Documents, inOrder, pageOf, putAll } from "./walk.ts";
import { pageLimit, placeOf, placeText } from "../shared/pages.ts";

/** What is copied here is one completed compaction. */
const FIRST_COMPACTION = 1;
const PLACE = ["loadTestRunId", "level", "series", "start"] as const;

const manifestDocument = (compacted: Manifest["compacted"]) =>
  toDocument({
    version: 1,
    compactions: FIRST_COMPACTION,
    completed: [{ from: FIRST_COMPACTION, to: FIRST_COMPACTION }],
    compacted: compacted.map(({ masterInstanceId, fromSeq, toSeq }) => ({
      masterInstanceId,
      fromSeq,
      toSeq,
    })),
    untidy: false,
  });

/** The rollups that count: of each place the newest of a completed compaction. A page ends between two places. */
const walkRollups = async (
  rollups: Documents,
  manifest: Manifests,
  after: string | undefined,
): Promise<DumpPage<Rollup>> => {
  const isFull = pageLimit();
  const records: Rollup[] = [];
  let known: { readonly runId: string; readonly manifest: Manifest } | undefined;
  let last: string | undefined;
  let best: number | undefined;
  let full = false;
  for await (const document of inOrder(rollups, PLACE, placeOf(after))) {
    const { compaction, rollup } = rollupOf(document);
    const place = placeText([rollup.runId, rollup.level, rollup.series, rollup.start]);
    if (place !== last) {
      if (full) break;
      [last, best] = [place, undefined];
    }
    full = isFull(rollup.body.byteLength) || full;
    if (known?.runId !== rollup.runId) {
      known = { runId: rollup.runId, manifest: await manifest.read(rollup.runId) };
    }
    if (!isCompleted(known.manifest, compaction) || compaction < (best ?? 0)) continue;
    if (best === undefined) records.push(rollup);
    else records[records.length - 1] = rollup;
    best = compaction;
  }
  return { records, ...(last === undefined ? {} : { last }) };
};

export const mongoMetricDumps = (
  db: Db,
): Pick<HandWrittenDumps, "metrics_timeseries" | "metrics_rollups" | "metrics_compacted"> => {
  const timeseries = collectionOf(db, "metrics_timeseries");
  const rollups = collectionOf(db, "metrics_rollups");
  const compactions = collectionOf(db, "metrics_compacted");
  const manifest = manifests(db);

  const manifestsOf = async (runIds: Iterable<string>): Promise<Map<string, Manifest>> => {
    const found = new Map<string, Manifest>();
    for (const runId of new Set(runIds)) found.set(runId, await manifest.read(runId));
    return found;
  };

  return {
    metrics_timeseries: {
      walk: pageOf(timeseries, ["_id"], async (documents) => {
        const all = documents.map(recordOf);
        const byRun = await manifestsOf(all.map(({ runId }) => runId));
        return all.filter((record) => !isIn(byRun.get(record.runId)?.compacted ?? [], record));
      }),
      put: verb(async (records, totalsOf) => {
        await putAll(
          timeseries,
          records.map((record) => recordDocument(record, totalsOf?.(record))),
        );
      }),
      count: verb(() => timeseries.estimatedDocumentCount()),
      clear: verb(() => clearAll(timeseries)),
    },
    metrics_rollups: {
      walk: verb((after) => walkRollups(rollups, manifest, after)),
      put: verb(async (records) => {
        for (const runId of new Set(records.map((rollup) => rollup.runId))) {
          try {
            await compactions.insertOne({ _id: runId, ...manifestDocument([]) });
          } catch (error) {
            if (!isDuplicate(error)) throw error;
          }
        }
        const documents = records.map((rollup) => rollupDocument(rollup, FIRST_COMPACTION));
        await putAll(rollups, documents);
      }),
      count: verb(() => rollups.estimatedDocumentCount()),
      clear: verb(() => clearAll(rollups)),
    },
    metrics_compacted: {
      walk: pageOf(compactions, ["_id"], (documents) =>
        documents.flatMap((document) => {
          const { compacted } = manifestOf(document);
          return compacted.length === 0 ? [] : [{ runId: String(document["_id"]), compacted }];
        }),
      ),
      put: verb(async (records) => {
        await putAll(
          compactions,
          records.map(({ runId, compacted }) => ({ _id: runId, ...manifestDocument(compacted) })),
        );
      }),
      count: verb(() => compactions.estimatedDocumentCount()),
      // Rollups stay what holds.
      clear: verb(async () => {
        for await (const { _id } of compactions.find({}, { projection: { _id: 1 } })) {
          await compactions.replaceOne({ _id }, manifestDocument([]));
        }
      }),
    },
  };
};
