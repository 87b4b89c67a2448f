import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { Db, Document } from "mongodb";
import type { LoadTestStore } from "../ports.ts";
import { taken } from "../shared/apply-patch.ts";
import { listingOf, pageOfListing } from "../shared/listing.ts";
import { nameKey } from "../shared/text.ts";
import { changeOf, fromDocument, long, toDocument } from "./document.ts";
import { isDuplicate, verb } from "./errors.ts";
import { listFilter } from "./list-filter.ts";

export const loadTestOf = (document: Document): LoadTest => fromDocument(document, "nameKey");

export const mongoLoadTests = (db: Db): LoadTestStore => {
  const collection = db.collection<Document & { _id: string }>("load_tests");
  return {
    create: verb(async (loadTest) => {
      const { id, name } = loadTest;
      try {
        await collection.insertOne({ _id: id, ...toDocument(loadTest), nameKey: nameKey(name) });
      } catch (error) {
        throw isDuplicate(error) ? taken("load test", id) : error;
      }
    }),
    get: verb(async (id) => {
      const document = await collection.findOne({ _id: id });
      return document === null ? undefined : loadTestOf(document);
    }),
    list: verb(async (query, visible) => {
      const listing = listingOf(query, visible);
      const { filter, sort } = listFilter(listing);
      const found = collection.find(filter, { sort, limit: listing.limit + 1 });
      return pageOfListing(await found.map(loadTestOf).toArray(), listing);
    }),
    update: verb(async (id, version, patch) => {
      const { $set = {}, $unset } = changeOf(patch);
      if (typeof patch.name === "string") $set["nameKey"] = nameKey(patch.name);
      const next = await collection.findOneAndUpdate(
        { _id: id, version: long(version) },
        {
          $inc: { version: long(1) },
          ...(Object.keys($set).length === 0 ? {} : { $set }),
          ...($unset === undefined ? {} : { $unset }),
        },
        { returnDocument: "after" },
      );
      return next === null ? undefined : loadTestOf(next);
    }),
    delete: verb(async (id, version) => {
      const { deletedCount } = await collection.deleteOne({ _id: id, version: long(version) });
      return deletedCount === 1;
    }),
    nextRunNumber: verb(async (id, at) => {
      const next = await collection.findOneAndUpdate(
        { _id: id },
        { $inc: { lastRunNumber: long(1) }, $set: { lastRunAt: long(at) } },
        { returnDocument: "after" },
      );
      return next === null ? undefined : loadTestOf(next).lastRunNumber;
    }),
    setRecentRuns: verb(async (id, recentRunsVersion, recentRuns, updatedAt) => {
      const next = await collection.findOneAndUpdate(
        { _id: id, recentRunsVersion: long(recentRunsVersion) },
        {
          $inc: { recentRunsVersion: long(1) },
          $set: toDocument({ recentRuns, updatedAt }),
        },
        { returnDocument: "after" },
      );
      return next !== null;
    }),
  };
};
