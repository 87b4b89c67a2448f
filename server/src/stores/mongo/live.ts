import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { Db, Document } from "mongodb";
import type { LiveStore } from "../model/live-store.ts";
import { fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { collectionOf } from "./walk.ts";

/** Endpoint names are never keys: the map is stored as a list. */
export const liveDocument = (live: MetricSnapshot): Document =>
  toDocument({
    ...live,
    requestStats: Object.entries(live.requestStats).map(([endpoint, stats]) => ({
      endpoint,
      ...stats,
    })),
  });

export const liveOf = (document: Document): MetricSnapshot => {
  const { requestStats, ...live } = fromDocument<Document>(document);
  const entries = (requestStats as Document[]).map(({ endpoint, ...stats }) => [endpoint, stats]);
  return { ...live, requestStats: Object.fromEntries(entries) } as MetricSnapshot;
};

export const mongoLive = (db: Db): LiveStore => {
  const runs = collectionOf(db, "load_test_runs");
  const live = collectionOf(db, "run_live");
  return {
    set: verb(async (runId, snapshot) => {
      const document = liveDocument(snapshot);
      if ((await runs.findOne({ _id: runId }, { projection: { _id: 1 } })) === null) return;
      try {
        await live.replaceOne(
          { _id: runId, timestamp: { $lte: long(snapshot.timestamp) } },
          document,
          { upsert: true },
        );
      } catch (error) {
        // The stored snapshot is newer.
        if (!isDuplicate(error)) throw error;
      }
    }),
    get: verb(async (runIds) => {
      if (runIds.length === 0) return new Map();
      const documents = await live.find({ _id: { $in: [...runIds] } }).toArray();
      return new Map(documents.map((document) => [document._id, liveOf(document)]));
    }),
  };
};
