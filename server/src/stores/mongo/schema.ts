import type { Db } from "mongodb";
import { AppError } from "../../lib/errors.ts";

/** Counts what has changed in the shape of stored documents. */
const SCHEMA_VERSION = 1;
const OLDER = ["load_tests", "load_test_runs", "metrics_timeseries", "test_runs"];

type Marker = { readonly _id: string; readonly version: number };

/** Says that everything in the database is of today's schema. */
export const markSchema = async (db: Db): Promise<void> => {
  await db
    .collection<Marker>("store_meta")
    .replaceOne({ _id: "schema" }, { version: SCHEMA_VERSION }, { upsert: true });
};

export const unmarkSchema = async (db: Db): Promise<void> => {
  await db.collection<Marker>("store_meta").deleteMany({ _id: "schema" });
};

/** A migration that was broken off may stand between two renames: what is there then looks like an empty database. */
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

/**
 * Marks an empty database as one of today's schema. Rejects with AppError unavailable where there are documents and no
 * mark: they are of the older schema, or their migration was broken off; and where a newer program wrote the mark.
 */
export const checkSchema = async (db: Db): Promise<void> => {
  await refuseUnfinished(db);
  const mark = await db.collection<Marker>("store_meta").findOne({ _id: "schema" });
  if (mark !== null) {
    if (mark.version <= SCHEMA_VERSION) return;
    throw new AppError(
      "unavailable",
      `The database ${db.databaseName} was written by a newer Load Manager (schema ${mark.version}; this one knows ${SCHEMA_VERSION}). Use that one.`,
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
