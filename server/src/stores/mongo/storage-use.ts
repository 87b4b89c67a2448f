import type { Db } from "mongodb";
import type { StorageUse } from "@load-manager/contract/model/storage.ts";
import { LOAD_TEST_RUNS } from "../model/load-test-run.ts";
import { LOAD_TESTS } from "../model/load-test.ts";
import { verb } from "./errors.ts";

/** What the server keeps of each collection; a shard tells of its own part. */
const statsOf = async (db: Db, name: string): Promise<{ count: number; bytes: number }> => {
  const parts = await db
    .collection(name)
    .aggregate<{ storageStats: Record<"count" | "storageSize" | "totalIndexSize", unknown> }>([
      { $collStats: { storageStats: {} } },
    ])
    .toArray();
  const sum = (field: "count" | "storageSize" | "totalIndexSize"): number =>
    parts.reduce((total, { storageStats }) => total + Number(storageStats[field]), 0);
  return { count: sum("count"), bytes: sum("storageSize") + sum("totalIndexSize") };
};

export const mongoStorageUse = (db: Db): (() => Promise<StorageUse>) =>
  verb(async () => {
    const { storageSize, indexSize } = await db.stats();
    const records = await statsOf(db, "metrics_timeseries");
    const rollups = await statsOf(db, "metrics_rollups");
    return {
      loadTests: await db.collection(LOAD_TESTS.name).estimatedDocumentCount(),
      runs: await db.collection(LOAD_TEST_RUNS.name).estimatedDocumentCount(),
      metricRecords: records.count + rollups.count,
      bytes: Number(storageSize) + Number(indexSize),
      metricBytes: records.bytes + rollups.bytes,
    };
  });
