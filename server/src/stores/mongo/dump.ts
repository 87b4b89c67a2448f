import { Binary, type Db, type Document } from "mongodb";
import type { ScriptRevision } from "@load-manager/contract/script.ts";
import { type KindDump, type StoreDump, storeDump } from "../dump.ts";
import type { Lease } from "../lease-store.ts";
import { nameKey } from "../shared/text.ts";
import { bytesOf, fromDocument, toDocument } from "./document.ts";
import { mongoMetricDumps } from "./dump-metrics.ts";
import { isDuplicate, verb } from "./errors.ts";
import { storedOf } from "./events.ts";
import { keyDocument, keyOf } from "./keys.ts";
import { leaseId } from "./leases.ts";
import { loadTestOf } from "./load-tests.ts";
import { blobParts } from "./revisions.ts";
import { liveDocument, liveOf, runOf } from "./runs.ts";
import { clearAll, collectionOf, type Documents, inOrder, pageOf, putAll } from "./walk.ts";

type Kind<T> = {
  readonly collection: Documents;
  /** Of the documents that count. */
  readonly records: (documents: readonly Document[]) => Promise<readonly T[]> | readonly T[];
  readonly document: (record: T) => Document & { _id: string };
  readonly fields?: readonly string[];
};

const kindOf = <T>({ collection, records, document, fields = ["_id"] }: Kind<T>): KindDump<T> => ({
  walk: pageOf(collection, fields, records),
  put: verb(async (all) => putAll(collection, all.map(document))),
  count: verb(() => collection.estimatedDocumentCount()),
  clear: verb(() => clearAll(collection)),
});

/** The mark of a copy that is not complete. */
const COPY = "copy";
type Mark = { readonly _id: string; readonly text: string };

export const copyMark = (db: Db): Pick<StoreDump, "mark" | "setMark"> => {
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

export const mongoDump = (db: Db): StoreDump => {
  const runs = collectionOf(db, "load_test_runs");
  const blobs = collectionOf(db, "script_blobs");
  /** A deletion that was broken off may leave live figures of a run that is gone. */
  const ofRunsThatAre = async (documents: readonly Document[]): Promise<readonly Document[]> => {
    const ids = documents.map(({ _id }) => String(_id));
    const found = await runs.find({ _id: { $in: ids } }, { projection: { _id: 1 } }).toArray();
    const there = new Set(found.map(({ _id }) => _id));
    return documents.filter(({ _id }) => there.has(String(_id)));
  };

  return storeDump(
    {
      load_tests: kindOf({
        collection: collectionOf(db, "load_tests"),
        records: (documents) => documents.map(loadTestOf),
        document: (one) => ({ _id: one.id, ...toDocument(one), nameKey: nameKey(one.name) }),
      }),
      script_revisions: kindOf<ScriptRevision>({
        collection: collectionOf(db, "script_revisions"),
        records: (documents) => documents.map((one) => fromDocument<ScriptRevision>(one)),
        document: (one) => ({ _id: one.id, ...toDocument(one) }),
      }),
      script_blobs: {
        // One at a time: its parts are put together, and those that were not all written do not count.
        walk: verb(async (after) => {
          for await (const { sha256 } of inOrder(
            blobs,
            ["sha256"],
            after === undefined ? undefined : [after],
          )) {
            const last = String(sha256);
            const parts = await blobs.find({ sha256: last }).sort({ part: 1 }).toArray();
            const whole = parts.length === Number(parts[0]?.["parts"]);
            const content = Buffer.concat(parts.map(({ ["content"]: part }) => bytesOf(part)));
            return { records: whole ? [{ sha256: last, content }] : [], last };
          }
          return { records: [] };
        }),
        put: verb(async (records) => {
          for (const { sha256, content } of records) {
            await putAll(
              blobs,
              blobParts(content).map((bytes, part, { length: parts }) => ({
                _id: `${sha256}:${part}`,
                ...toDocument({ sha256, part, parts }),
                content: new Binary(bytes),
              })),
            );
          }
        }),
        count: verb(() => blobs.estimatedDocumentCount()),
        clear: verb(() => clearAll(blobs)),
      },
      load_test_runs: kindOf({
        collection: runs,
        records: (documents) => documents.map(runOf),
        document: (one) => ({ _id: one.id, ...toDocument(one), nameKey: nameKey(one.name) }),
      }),
      run_live: kindOf({
        collection: collectionOf(db, "run_live"),
        records: async (documents) =>
          (await ofRunsThatAre(documents)).map((one) => ({
            runId: String(one["_id"]),
            live: liveOf(one),
          })),
        document: ({ runId, live }) => ({ _id: runId, ...liveDocument(live) }),
      }),
      run_events: kindOf({
        collection: collectionOf(db, "run_events"),
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
      leases: kindOf<Omit<Lease, "runId">>({
        collection: collectionOf(db, "leases"),
        records: (documents) => documents.map((one) => fromDocument(one, "runId")),
        document: (one) => ({ _id: leaseId(one.clusterId, one.slot), ...toDocument(one) }),
      }),
      idempotency_keys: kindOf({
        collection: collectionOf(db, "idempotency_keys"),
        records: (documents) => documents.map(keyOf),
        document: (one) => ({ _id: one.id, ...keyDocument(one) }),
      }),
      ...mongoMetricDumps(db),
    },
    copyMark(db),
  );
};
