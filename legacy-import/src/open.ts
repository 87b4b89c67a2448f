import { type Db, MongoClient } from "mongodb";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import { mongoError } from "@load-manager/server/stores/mongo/errors.ts";

/** How long to wait for a server at the beginning. */
const SELECT_MS = 10_000;
/** A server that is busy with a large collection may be slow to answer also whether it is well. */
const BUSY_MS = 300_000;

/**
 * Opens a database for a migration: unlike a server's, its commands may take as long as they take (an index over all
 * metrics). Rejects with AppError for an address that is none, and for a server that does not answer.
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
      `mongodb.uri is not an address of a MongoDB server: ${messageOf(error)}`,
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
