import Database from "better-sqlite3";
import { hasWordStart } from "../../lib/text.ts";
import { folderError, isDamage, isFull, noRoom } from "./errors.ts";
import type { Trouble } from "./trouble.ts";

export type Value = string | number | null | Uint8Array;

/**
 * The control database, as the stores use it: on the main thread, so that nothing happens between a read and the write that
 * follows it; no other process can have the file open.
 */
export type Control = {
  readonly all: <Row>(sql: string, ...values: readonly Value[]) => Row[];
  readonly get: <Row>(sql: string, ...values: readonly Value[]) => Row | undefined;
  /** The number of rows that changed. */
  readonly run: (sql: string, ...values: readonly Value[]) => number;
  /** All of the writes or none. */
  readonly transaction: <T>(work: () => T) => T;
  /** The result of `read`; where a page that it needs is damaged, `undefined`, and the damage is noted. */
  readonly readable: <T>(read: () => T) => T | undefined;
  /** Makes a port's function: it rejects with an error that explains the trouble of the folder. */
  readonly verb: Verb;
  /** For writes that can wait: refused while the disk is full, as the last room is for the ends of runs. */
  readonly adding: Verb;
  /** For writes that ends of runs need, or that make room: they get the room of the ballast. */
  readonly ending: Verb;
};

type Verb = <Args extends readonly unknown[], T>(
  work: (...args: Args) => T,
) => (...args: Args) => Promise<T>;

export const controlOf = (db: Database.Database, dataDir: string, trouble: Trouble): Control => {
  db.function("has_word_start", { deterministic: true }, (text: unknown, start: unknown) =>
    typeof text === "string" && typeof start === "string" && hasWordStart(text, start) ? 1 : 0,
  );
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
