import { type Db, MongoClient } from "mongodb";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import { mongoError } from "@load-manager/server/stores/mongo/errors.ts";

/** How long a command waits for a server. */
const SELECT_MS = 10_000;
/** A server that is busy with a large collection answers health checks slowly. */
const BUSY_MS = 300_000;

/**
 * Opens a database for a migration. Its commands have no time limit, since an index over all metrics takes long.
 * Rejects with AppError for an invalid address and for a server that does not answer.
 */
export const withDatabase = async <T>(
  { uri, database }: { readonly uri: string; readonly database: string },
  work: (db: Db) => Promise<T>,
): Promise<T> => {
  let client: MongoClient;
  try {
    client = new MongoClient(uri, {
      appName: "load-manager migrate",
      connectTimeoutMS: BUSY_MS,
      serverSelectionTimeoutMS: SELECT_MS,
      writeConcern: { w: "majority", journal: true },
      readConcern: { level: "majority" },
      readPreference: "primary",
    });
  } catch (error) {
    throw new AppError(
      "validation",
      `mongodb.uri is not the address of a MongoDB server: ${messageOf(error)}`,
    );
  }
  try {
    return await work(client.db(database));
  } catch (error) {
    throw mongoError(error);
  } finally {
    await client.close();
  }
};
