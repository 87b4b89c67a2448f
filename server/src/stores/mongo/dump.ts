import type { Db, Document } from "mongodb";
import type { HandWrittenDumps, HandWrittenRecords, KindDump, StoreDump } from "../dump.ts";
import { mongoBlobDump } from "./blobs.ts";
import { fromDocument, toDocument } from "./document.ts";
import { mongoMetricDumps } from "./dump-metrics.ts";
import { isDuplicate, verb } from "./errors.ts";
import { storedOf } from "./events.ts";
import { keyDocument, keyOf } from "./keys.ts";
import { leaseId } from "./leases.ts";
import { liveDocument, liveOf } from "./live.ts";
import { clearAll, collectionOf, pageOf, putAll } from "./walk.ts";

type Kind<T> = {
  /** Of the documents that count. */
  readonly records: (documents: readonly Document[]) => Promise<readonly T[]> | readonly T[];
  readonly document: (record: T) => Document & { _id: string };
  readonly fields?: readonly string[];
};

const kindOf = <T>(
  db: Db,
  name: keyof HandWrittenRecords,
  { records, document, fields = ["_id"] }: Kind<T>,
): KindDump<T> => {
  const collection = collectionOf(db, name);
  return {
    walk: pageOf(collection, fields, records),
    put: verb(async (all) => putAll(collection, all.map(document))),
    count: verb(() => collection.estimatedDocumentCount()),
    clear: verb(() => clearAll(collection)),
  };
};

/** The mark of a copy that is not complete. */
const COPY = "copy";
type Mark = { readonly _id: string; readonly text: string };

export const mongoMark = (db: Db): Pick<StoreDump, "mark" | "setMark"> => {
  const meta = db.collection<Mark>("store_meta");
  return {
    mark: verb(async () => (await meta.findOne({ _id: COPY }))?.text),
    setMark: verb(async (seen, next) => {
      if (seen !== undefined && next !== undefined) {
        const changed = await meta.findOneAndUpdate(
          { _id: COPY, text: seen },
          { $set: { text: next } },
          { returnDocument: "after" },
        );
        return changed !== null;
      }
      if (seen !== undefined) {
        return (await meta.deleteMany({ _id: COPY, text: seen })).deletedCount === 1;
      }
      if (next === undefined) return (await meta.findOne({ _id: COPY })) === null;
      try {
        await meta.insertOne({ _id: COPY, text: next });
        return true;
      } catch (error) {
        if (isDuplicate(error)) return false;
        throw error;
      }
    }),
  };
};

/** A deletion that was broken off may leave live metrics of a run that is gone. */
const ofExistingRuns = async (db: Db, documents: readonly Document[]): Promise<Document[]> => {
  const ids = documents.map(({ _id }) => String(_id));
  const runs = collectionOf(db, "load_test_runs");
  const found = await runs.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
  const existing = new Set(found.map(({ _id }) => _id));
  return documents.filter(({ _id }) => existing.has(String(_id)));
};

/** The kinds that no description covers. */
export const mongoDumps = (db: Db): HandWrittenDumps => ({
  script_blobs: mongoBlobDump(db),
  run_live: kindOf<HandWrittenRecords["run_live"]>(db, "run_live", {
    records: async (documents) =>
      (await ofExistingRuns(db, documents)).map((one) => ({
        runId: String(one["_id"]),
        live: liveOf(one),
      })),
    document: ({ runId, live }) => ({ _id: runId, ...liveDocument(live) }),
  }),
  run_events: kindOf<HandWrittenRecords["run_events"]>(db, "run_events", {
    fields: ["runId", "arrival"],
    records: (documents) =>
      documents.map((one) => ({
        runId: String(one["runId"]),
        id: String(one["id"]),
        ...storedOf(one),
      })),
    document: ({ runId, arrival, id, event }) => ({
      _id: `${runId}:${arrival}`,
      ...toDocument({ ...event, id, runId, arrival }),
    }),
  }),
  leases: kindOf<HandWrittenRecords["leases"]>(db, "leases", {
    records: (documents) => documents.map((one) => fromDocument(one, "runId")),
    document: (one) => ({ _id: leaseId(one.clusterId, one.slot), ...toDocument(one) }),
  }),
  idempotency_keys: kindOf<HandWrittenRecords["idempotency_keys"]>(db, "idempotency_keys", {
    records: (documents) => documents.map(keyOf),
    document: (one) => ({ _id: one.id, ...keyDocument(one) }),
  }),
  ...mongoMetricDumps(db),
});
