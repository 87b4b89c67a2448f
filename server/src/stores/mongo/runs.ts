import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Db, Document } from "mongodb";
import type { RunStore } from "../ports.ts";
import { taken, updatedRun } from "../shared/apply-patch.ts";
import { listingOf, pageOfListing } from "../shared/listing.ts";
import { nameKey } from "../shared/text.ts";
import { changeOf, fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { listFilter } from "./list-filter.ts";

export const runOf = (document: Document): LoadTestRun => fromDocument(document, "nameKey");

/** Endpoint names are no keys here: the map is a list, each with its key. */
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

export const mongoRuns = (db: Db): RunStore => {
  const collection = db.collection<Document & { _id: string }>("load_test_runs");
  const live = db.collection<Document & { _id: string }>("run_live");
  const ids = { projection: { _id: 1 } };
  return {
    create: verb(async (run) => {
      const { id, name } = run;
      try {
        await collection.insertOne({ _id: id, ...toDocument(run), nameKey: nameKey(name) });
      } catch (error) {
        throw isDuplicate(error) ? taken("run", id) : error;
      }
    }),
    get: verb(async (id) => {
      const document = await collection.findOne({ _id: id });
      return document === null ? undefined : runOf(document);
    }),
    list: verb(async (query, visible) => {
      const listing = listingOf(query, visible);
      const { filter, sort } = listFilter(listing);
      const found = collection.find(filter, { sort, limit: listing.limit + 1 });
      return pageOfListing(await found.map(runOf).toArray(), listing);
    }),
    update: verb(async (id, guard, patch) => {
      const stored = await collection.findOne({ _id: id });
      // What is not allowed is told by what was read; the version in the filter keeps it true.
      if (stored === null || updatedRun(runOf(stored), guard, patch) === undefined)
        return undefined;
      const { $set = {}, $unset } = changeOf(patch);
      if (typeof patch.name === "string") $set["nameKey"] = nameKey(patch.name);
      const next = await collection.findOneAndUpdate(
        {
          _id: id,
          version: long(guard.version),
          ...(guard.fence === undefined ? {} : { fence: long(guard.fence) }),
        },
        {
          $inc: { version: long(1) },
          ...(Object.keys($set).length === 0 ? {} : { $set }),
          ...($unset === undefined ? {} : { $unset }),
        },
        { returnDocument: "after" },
      );
      return next === null ? undefined : runOf(next);
    }),
    delete: verb(async (id, version) => {
      const { deletedCount } = await collection.deleteOne({ _id: id, version: long(version) });
      if (deletedCount === 1) await live.deleteMany({ _id: id });
      return deletedCount === 1;
    }),
    unsettled: verb(async () =>
      collection.find({ settledAt: null }).sort({ createdAt: 1, _id: 1 }).map(runOf).toArray(),
    ),
    findExternal: verb(async (locustClusterId, externalKey) => {
      const [newest] = await collection
        .find({ locustClusterId, externalKey })
        .sort({ createdAt: -1, _id: -1 })
        .limit(1)
        .toArray();
      return newest === undefined ? undefined : runOf(newest);
    }),
    kept: verb(async () =>
      collection
        .find({ keep: true }, ids)
        .map(({ _id }) => _id)
        .toArray(),
    ),
    count: verb(async (loadTestId, statuses) =>
      statuses.length === 0
        ? 0
        : collection.countDocuments({ loadTestId, status: { $in: [...statuses] } }),
    ),
    setLive: verb(async (runId, snapshot) => {
      if ((await collection.findOne({ _id: runId }, ids)) === null) return;
      try {
        await live.replaceOne(
          { _id: runId, timestamp: { $lte: long(snapshot.timestamp) } },
          liveDocument(snapshot),
          { upsert: true },
        );
      } catch (error) {
        // The record that is there is newer.
        if (!isDuplicate(error)) throw error;
      }
    }),
    getLive: verb(async (runIds) => {
      if (runIds.length === 0) return new Map();
      const documents = await live.find({ _id: { $in: [...runIds] } }).toArray();
      return new Map(documents.map((document) => [document._id, liveOf(document)]));
    }),
  };
};
