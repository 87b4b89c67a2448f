import type { Db } from "mongodb";
import { AppError } from "../../lib/errors.ts";

/** The format of stored documents. The first that is kept is 2; every later one comes with a migration from the one before. */
export const FORMAT = 2;
const FIRST_FORMAT = 2;
const OLDER = ["load_tests", "load_test_runs", "metrics_timeseries", "test_runs"];

type Marker = { readonly _id: string; readonly version: number };

/** Marks the database: everything in it has today's format. */
export const markSchema = async (db: Db): Promise<void> => {
  await db
    .collection<Marker>("store_meta")
    .replaceOne({ _id: "schema" }, { version: FORMAT }, { upsert: true });
};

export const unmarkSchema = async (db: Db): Promise<void> => {
  await db.collection<Marker>("store_meta").deleteMany({ _id: "schema" });
};

/** A migration that was broken off may have ended between two renames: the database then looks like an empty one. */
const refuseUnfinished = async (db: Db): Promise<void> => {
  const state = await db
    .collection<{ readonly _id: string; readonly phase: string }>("migrations")
    .findOne({ _id: "current" });
  if (state === null || state.phase === "done") return;
  throw new AppError(
    "unavailable",
    `A migration of the database ${db.databaseName} was begun and is not finished. Go on with it: load-manager migrate --mapping mapping.yaml (or give it up: load-manager migrate rollback).`,
  );
};

/** A database that an earlier version has migrated still has the older data. */
const rollbackHint = async (db: Db): Promise<string> => {
  const state = await db
    .collection<{ readonly _id: string }>("migrations")
    .findOne({ _id: "current" });
  return state === null
    ? ""
    : " Or migrate the older data again: load-manager migrate rollback, then load-manager migrate.";
};

/**
 * Marks an empty database as one of today's format. Rejects with AppError unavailable for documents without a mark (they
 * have the older schema, or their migration was broken off), and for a mark of an earlier or a newer program.
 */
export const checkSchema = async (db: Db): Promise<void> => {
  await refuseUnfinished(db);
  const mark = await db.collection<Marker>("store_meta").findOne({ _id: "schema" });
  if (mark !== null) {
    if (mark.version < FIRST_FORMAT) {
      const why = `was made before the first format (its format is ${mark.version}, the first is ${FIRST_FORMAT})`;
      throw new AppError(
        "unavailable",
        `The database ${db.databaseName} ${why}. Take another mongodb.database.${await rollbackHint(db)}`,
        { fields: [{ field: "mongodb.database", message: why }] },
      );
    }
    if (mark.version <= FORMAT) return;
    throw new AppError(
      "unavailable",
      `The database ${db.databaseName} was written by a newer Load Manager (format ${mark.version}; this one knows formats up to ${FORMAT}). Use that one.`,
    );
  }
  for (const name of OLDER) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) === null) continue;
    throw new AppError(
      "unavailable",
      `The database ${db.databaseName} holds data of the older tenantId schema (in ${name}). Migrate them first: ` +
        "load-manager migrate --dry-run --mapping mapping.yaml shows what would change; without --dry-run it is done.",
    );
  }
  await markSchema(db);
};

/** The reason where the database, which was of today's format, no longer is. */
export const takenAway = async (db: Db): Promise<string | undefined> => {
  const mark = await db.collection<Marker>("store_meta").findOne({ _id: "schema" });
  if (mark?.version === FORMAT) return undefined;
  const why =
    mark === null
      ? "its migration was rolled back, or it was dropped"
      : `another version of Load Manager has changed its format to ${mark.version}`;
  return `The database ${db.databaseName} no longer has the data that this server has opened: ${why}. The server ends. Runs go on; start it again once the database is ready.`;
};
