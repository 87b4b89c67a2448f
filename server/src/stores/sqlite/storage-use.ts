import { stat } from "node:fs/promises";
import type { StorageUse } from "@load-manager/contract/model/storage.ts";
import { LOAD_TEST_RUNS } from "../model/load-test-run.ts";
import { LOAD_TESTS } from "../model/load-test.ts";
import type { Control } from "./control.ts";
import type { Folder } from "./folder.ts";

/** A log is there only while something is in it. */
const sizeOf = async (file: string): Promise<number> => {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return 0;
    throw error;
  }
};

/** The metrics are not counted: SQLite would go through all of them, and metrics that arrive would wait meanwhile. */
export const sqliteStorageUse = (db: Control, folder: Folder): (() => Promise<StorageUse>) => {
  const countOf = db.verb(
    (table: string) =>
      db.get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`)?.count ?? 0,
  );
  const bytesOf = async (name: string): Promise<number> =>
    (await sizeOf(folder.file(name))) + (await sizeOf(folder.file(`${name}-wal`)));
  return async () => {
    const metricBytes = await bytesOf("metrics.db");
    return {
      loadTests: await countOf(LOAD_TESTS.name),
      runs: await countOf(LOAD_TEST_RUNS.name),
      bytes: metricBytes + (await bytesOf("control.db")),
      metricBytes,
    };
  };
};
