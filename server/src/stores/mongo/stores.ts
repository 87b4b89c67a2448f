import { setTimeout as sleep } from "node:timers/promises";
import { type Db, MongoClient, ObjectId, MongoServerSelectionError } from "mongodb";
import { AppError } from "../../lib/errors.ts";
import { storeDump } from "../dump.ts";
import type { OpenedStores } from "../ports.ts";
import { assemble, descriptionsOf, type ExtraModel } from "../shared/assemble.ts";
import { unfinishedError } from "../shared/unfinished.ts";
import { mongoBlobs } from "./blobs.ts";
import { mongoCollection } from "./collection.ts";
import { mongoDumps, mongoMark } from "./dump.ts";
import { isDuplicate, mongoError, verb } from "./errors.ts";
import { mongoEvents } from "./events.ts";
import { collectionsOf, ensureIndexes } from "./indexes.ts";
import { mongoKeys } from "./keys.ts";
import { mongoLeases } from "./leases.ts";
import { mongoLive } from "./live.ts";
import { mongoMetrics } from "./metrics.ts";
import { checkSchema, takenAway } from "./schema.ts";
import { mongoStorageUse } from "./storage-use.ts";

export type MongoOptions = {
  readonly uri: string;
  readonly database: string;
  readonly connectTimeoutSeconds: number;
  readonly maxPoolSize: number;
  /** Also one that holds a part of a copy only. */
  readonly unfinished?: boolean;
  /** Only one that is there already. */
  readonly existing?: boolean;
  /** Entities that only a test knows. */
  readonly extra?: readonly ExtraModel[];
};

/** A command that takes longer than this fails: the store is unavailable. */
const ANSWER_MS = 8000;
/** How long a command waits for a server that can be used. */
const SELECTION_MS = 5000;
const CLOSING_MS = 3000;

/** A client for the server that is named; nothing has been asked of it yet. Rejects with AppError for an address that is none. */
const mongoClient = (options: MongoOptions): MongoClient => {
  try {
    return new MongoClient(options.uri, {
      appName: "load-manager",
      maxPoolSize: options.maxPoolSize,
      connectTimeoutMS: SELECTION_MS,
      serverSelectionTimeoutMS: SELECTION_MS,
      waitQueueTimeoutMS: SELECTION_MS,
      socketTimeoutMS: ANSWER_MS,
      // An acknowledged write is on the disks of the majority.
      writeConcern: { w: "majority", journal: true },
      readConcern: { level: "majority" },
      readPreference: "primary",
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new AppError(
      "validation",
      `mongodb.uri is not an address of a MongoDB server: ${message}`,
      {
        fields: [{ field: "mongodb.uri", message }],
      },
    );
  }
};

/**
 * Opens a database, making what is missing in it. Rejects with AppError unavailable where the server does not answer,
 * where an index is not what it should be, where the data are of an older schema, and where they are a part of a copy only.
 */
export const openMongoStores = async (options: MongoOptions): Promise<OpenedStores> => {
  const client = mongoClient(options);
  const db = client.db(options.database);
  const descriptions = descriptionsOf(options.extra);
  let identity: string;
  try {
    await firstAnswer(client, options.connectTimeoutSeconds * 1000);
    const mark = await mongoMark(db).mark();
    if (mark !== undefined && options.unfinished !== true) {
      throw unfinishedError(`The database ${options.database}`, mark);
    }
    if (options.existing === true) await refuseEmpty(db);
    await checkSchema(db);
    await ensureIndexes(db, collectionsOf(descriptions));
    identity = await identityOf(db);
  } catch (error) {
    await client.close();
    throw mongoError(error);
  }
  let closing: Promise<void> | undefined;
  const checks = db.collection<{ _id: string }>("store_checks");
  const { collection, ports, dumps } = assemble(
    descriptions,
    (description) => mongoCollection(db, description),
    { blobs: mongoBlobs(db), live: mongoLive(db) },
  );
  return {
    kind: "mongodb",
    identity,
    shared: true,
    ...ports,
    collection,
    events: mongoEvents(db),
    leases: mongoLeases(db),
    metrics: mongoMetrics(db),
    keys: mongoKeys(db),
    dump: storeDump(dumps, mongoDumps(db), mongoMark(db)),
    ping: verb(async () => {
      await checks.updateOne({ _id: "write" }, { $inc: { count: 1 } }, { upsert: true });
    }),
    takenAway: verb(async () => takenAway(db)),
    storageUse: mongoStorageUse(db),
    close: () => (closing ??= closed(client)),
  };
};

/** Made once for each database, and then the same for all servers. */
const identityOf = async (db: Db): Promise<string> => {
  const meta = db.collection<{ _id: string; id?: string }>("store_meta");
  for (;;) {
    const known = (await meta.findOne({ _id: "identity" }))?.id;
    if (known !== undefined) return `mongodb:${known}`;
    try {
      await meta.insertOne({ _id: "identity", id: new ObjectId().toHexString() });
    } catch (error) {
      if (!isDuplicate(error)) throw error;
    }
  }
};

/** Waits for a server that is just being started. */
const firstAnswer = async (client: MongoClient, withinMs: number): Promise<void> => {
  const limit = AbortSignal.timeout(withinMs);
  for (;;) {
    try {
      // After a failure the driver connects anew only by `connect`.
      await client.connect();
      await client.db("admin").command({ ping: 1 });
      return;
    } catch (error) {
      if (!(error instanceof MongoServerSelectionError) || limit.aborted) throw error;
    }
  }
};

/** A server that does not answer is not waited for. */
const closed = async (client: MongoClient): Promise<void> => {
  await Promise.race([client.close(), sleep(CLOSING_MS, undefined, { ref: false })]);
};

const refuseEmpty = async (db: Db): Promise<void> => {
  for (const name of ["store_meta", "load_tests", "load_test_runs"]) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) !== null) return;
  }
  throw new AppError(
    "not-found",
    `There is nothing of Load Manager in the database ${db.databaseName}.`,
  );
};
