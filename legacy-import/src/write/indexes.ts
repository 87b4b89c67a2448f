import type { Db } from "mongodb";
import { COLLECTIONS, type Index } from "@load-manager/server/stores/mongo/indexes.ts";

/** Creates the indexes of a target on its copy, which still has another name. */
export const createIndexes = async (db: Db, target: string, collection: string): Promise<void> => {
  const indexes: readonly Index[] = COLLECTIONS[target] ?? [];
  const existing = new Set(
    (await db.collection(collection).listIndexes().toArray()).map(({ name }) => String(name)),
  );
  for (const { name, key, unique } of indexes) {
    if (existing.has(name)) continue;
    await db
      .collection(collection)
      .createIndex({ ...key }, { name, ...(unique ? { unique } : {}) });
  }
};
