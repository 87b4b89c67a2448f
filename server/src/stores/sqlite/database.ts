import { basename, dirname } from "node:path";
import Database from "better-sqlite3";
import { AppError } from "../../lib/errors.ts";

/** Brings the schema to the newest step, all of it or nothing. Throws AppError unavailable where it is newer than this program. */
export const migrate = (db: Database.Database, steps: readonly string[]): void => {
  const apply = db.transaction(() => {
    const version = Number(db.pragma("user_version", { simple: true }));
    if (version > steps.length) {
      throw new AppError(
        "unavailable",
        `The database ${basename(db.name)} in ${dirname(db.name)} (store.dataDir) was written by a newer Load Manager: its schema has version ${version}, this program knows versions up to ${steps.length}. Start the newer program, or choose another folder with --data-dir.`,
        { fields: [{ field: "store.dataDir", message: "was written by a newer Load Manager" }] },
      );
    }
    // Not even the number is written again: on a full disk nothing could be opened.
    if (version === steps.length) return;
    for (const step of steps.slice(version)) db.exec(step);
    db.pragma(`user_version = ${steps.length}`);
  });
  apply.immediate();
};

/**
 * `pageSize` in bytes; it takes effect where the file is new. `busyMs`: how long a call waits where another program holds
 * the database. Every commit is on the disk before it is answered.
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
