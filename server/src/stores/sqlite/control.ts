import Database from "better-sqlite3";
import { folderError, isDamage, isFull, noRoom } from "./errors.ts";
import type { Trouble } from "./trouble.ts";

export type Value = string | number | null | Uint8Array;

/**
 * The control database as the adapters use it: on the main thread, so that what is read and what is then written
 * have nothing between them; no other process can have the file open.
 */
export type Control = {
  readonly all: <Row>(sql: string, ...values: readonly Value[]) => Row[];
  readonly get: <Row>(sql: string, ...values: readonly Value[]) => Row | undefined;
  /** The number of rows that changed. */
  readonly run: (sql: string, ...values: readonly Value[]) => number;
  /** All of the writes or none. */
  readonly transaction: <T>(work: () => T) => T;
  /** What `read` answers; undefined, and noted, where a page that it needs is damaged. */
  readonly readable: <T>(read: () => T) => T | undefined;
  /** A store's function: what it throws rejects, with words for what the folder is to blame for. */
  readonly verb: Verb;
  /** One that can wait: refused while the disk is full, since what room is left is for the ends of runs. */
  readonly adding: Verb;
  /** One that the end of a run needs, or that makes room: for it the ballast is given back. */
  readonly ending: Verb;
};

type Verb = <Args extends readonly unknown[], T>(
  work: (...args: Args) => T,
) => (...args: Args) => Promise<T>;

export const controlOf = (db: Database.Database, dataDir: string, trouble: Trouble): Control => {
  const statements = new Map<string, Database.Statement<unknown[]>>();
  const prepared = (sql: string): Database.Statement<unknown[]> => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const statement = db.prepare<unknown[]>(sql);
    statements.set(sql, statement);
    return statement;
  };
  const inWords = (error: unknown): Error => folderError(error, dataDir, "control.db");
  const verb: Verb =
    (work) =>
    async (...args) => {
      try {
        return work(...args);
      } catch (error) {
        trouble.met(error, "control.db");
        throw inWords(error);
      }
    };
  return {
    all: <Row>(sql: string, ...values: readonly Value[]) => prepared(sql).all(...values) as Row[],
    get: <Row>(sql: string, ...values: readonly Value[]) =>
      prepared(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => prepared(sql).run(...values).changes,
    transaction: (work) => db.transaction(work).immediate(),
    readable: (read) => {
      try {
        return read();
      } catch (error) {
        if (!isDamage(error)) throw error;
        trouble.met(error, "control.db");
        return undefined;
      }
    },
    verb,
    adding: (work) =>
      verb((...args) => {
        if (!trouble.hasRoom()) throw inWords(noRoom());
        return work(...args);
      }),
    ending: (work) =>
      verb((...args) => {
        try {
          return work(...args);
        } catch (error) {
          if (!isFull(error) || !trouble.giveBack()) throw error;
          return work(...args);
        }
      }),
  };
};

export const isDuplicate = (error: unknown): boolean =>
  error instanceof Database.SqliteError &&
  (error.code === "SQLITE_CONSTRAINT_PRIMARYKEY" || error.code === "SQLITE_CONSTRAINT_UNIQUE");
