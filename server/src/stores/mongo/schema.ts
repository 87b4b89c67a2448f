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

/**
 * Marks an empty database as one of today's schema. Rejects with AppError unavailable where there are documents and no
 * mark: they are of the older schema, or their migration was broken off; and where a newer program wrote the mark.
 */
export const checkSchema = async (db: Db): Promise<void> => {
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
