import { basename, dirname } from "node:path";
import Database from "better-sqlite3";
import { AppError } from "../../lib/errors.ts";
import { FIRST_FORMAT, newestFormat } from "./migrations.ts";

/** A folder that this program cannot use: names it, the setting, and what to do. */
const otherFormat = (db: Database.Database, why: string, advice: string): AppError =>
  new AppError(
    "unavailable",
    `The database ${basename(db.name)} in ${dirname(db.name)} (store.dataDir) ${why}. ${advice}`,
    { fields: [{ field: "store.dataDir", message: why }] },
  );

/**
 * Brings the schema to the newest format, with all the steps that are missing or none. Throws AppError unavailable for a
 * database that was made before the first format, or by a newer program.
 */
const migrate = (db: Database.Database, steps: readonly string[]): void => {
  const newest = newestFormat(steps);
  const apply = db.transaction(() => {
    const format = Number(db.pragma("user_version", { simple: true }));
    if (format > newest) {
      throw otherFormat(
        db,
        `was written by a newer Load Manager: its format is ${format}, this program knows formats up to ${newest}`,
        "Start the newer program, or take another folder with --data-dir.",
      );
    }
    if (format > 0 && format < FIRST_FORMAT) {
      throw otherFormat(
        db,
        `was made before the first format (its format is ${format}, the first is ${FIRST_FORMAT})`,
        "Take another --data-dir.",
      );
    }
    // Not even the number is written again: a full disk can then still be opened.
    if (format === newest) return;
    for (const step of steps.slice(format === 0 ? 0 : format - FIRST_FORMAT + 1)) db.exec(step);
    db.pragma(`user_version = ${newest}`);
  });
  apply.immediate();
};

/**
 * `pageSize` in bytes; it takes effect where the file is new. `busyMs`: how long a call waits while another program holds
 * the database. Every commit is on the disk before it is acknowledged.
 */
export const openDatabase = (
  file: string,
  steps: readonly string[],
  options: { readonly pageSize: number; readonly busyMs: number },
): Database.Database => {
  const db = new Database(file, { timeout: options.busyMs });
  try {
    db.pragma(`page_size = ${options.pageSize}`);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    db.pragma("journal_size_limit = 67108864");
    migrate(db, steps);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};
