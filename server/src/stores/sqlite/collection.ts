import type { Collection, Condition, Priority, Seen } from "../model/collection.ts";
import type { KindDump } from "../dump.ts";
import type { Description } from "../model/description.ts";
import type { Described } from "../shared/assemble.ts";
import { changed, counterOf, isSeen, ownership, raised, uniques } from "../shared/change.ts";
import { clone } from "../../lib/clone.ts";
import { keyOf, readerOf } from "../shared/columns.ts";
import { pageOfListing, listingOf } from "../shared/listing.ts";
import { type Control, isDuplicate, type Value } from "./control.ts";
import { parsed } from "./document.ts";
import { querySql } from "./query.ts";

type Row = { readonly document: string };

/** An entity's row: the key, what is filtered and sorted by, and the whole entity as `document`. */
const tableOf = <T extends object>(description: Description<T>) => {
  const { name, key } = description;
  const readers = Object.entries(description.columns).map(([column, { derived }]) => {
    const read = readerOf(description, column);
    const value = (entity: T): Value => {
      const found = read(entity);
      if (found === undefined) return null;
      if (typeof found === "boolean") return found ? 1 : 0;
      return typeof found === "object" ? JSON.stringify(found) : found;
    };
    return { column, field: derived?.from ?? column, value };
  });
  const all = [key, ...readers.map(({ column }) => column), "document"];
  return {
    values: (entity: T): Value[] => [
      keyOf(description, entity),
      ...readers.map(({ value }) => value(entity)),
      JSON.stringify(entity),
    ],
    get: `SELECT document FROM ${name} WHERE ${key} = ?`,
    insert: `INSERT INTO ${name} (${all.join(", ")}) VALUES (${all.map(() => "?").join(", ")})`,
    replace: `ON CONFLICT (${key}) DO UPDATE SET ${all.map((column) => `${column} = excluded.${column}`).join(", ")}`,
    delete: `DELETE FROM ${name} WHERE ${key} = ?`,
    /** Sets the columns of the fields that have changed: SQLite writes to every index of a column that is set. */
    update: (next: T, fields: readonly string[]): { sql: string; values: Value[] } => {
      const touched = readers.filter(({ field }) => fields.includes(field));
      const set = [...touched.map(({ column }) => column), "document"];
      return {
        sql: `UPDATE ${name} SET ${set.map((column) => `${column} = ?`).join(", ")} WHERE ${key} = ?`,
        values: [
          ...touched.map(({ value }) => value(next)),
          JSON.stringify(next),
          keyOf(description, next),
        ],
      };
    },
  };
};

const dumpOf = <T extends object>(db: Control, description: Description<T>): KindDump<T> => {
  const { name, key } = description;
  const { insert, replace, values } = tableOf(description);
  return {
    walk: db.verb((after) => {
      const place = after === undefined ? [] : [after];
      const rows = db.all<Row>(
        `SELECT document FROM ${name} ${place.length === 0 ? "" : `WHERE ${key} > ?`} ORDER BY ${key} LIMIT 200`,
        ...place,
      );
      const records = rows.map(({ document }) => parsed<T>(document));
      const last = records.at(-1);
      return { records, ...(last === undefined ? {} : { last: keyOf(description, last) }) };
    }),
    put: db.verb((records) =>
      db.transaction(() => {
        for (const entity of records) {
          db.run(`${insert} ${replace}`, ...values(entity));
        }
      }),
    ),
    count: db.verb(
      () => db.get<{ count: number }>(`SELECT count(*) AS count FROM ${name}`)?.count ?? 0,
    ),
    clear: db.verb(() => {
      db.run(`DELETE FROM ${name}`);
    }),
  };
};

type Reads<T> = Pick<Collection<T>, "get" | "list" | "first" | "all" | "keys" | "count">;
type Writes<T> = Omit<Collection<T>, keyof Reads<T>>;

/** The reads within one turn of the main thread, which the writes build on. */
const readerIn = <T extends object>(db: Control, description: Description<T>) => {
  const { name, key } = description;
  const { get } = tableOf(description);
  const sql = querySql(description);
  return {
    sql,
    read: (of: string): T | undefined => {
      const row = db.get<Row>(get, of);
      return row && parsed<T>(row.document);
    },
    keysOf: (where: readonly Condition[], order = ""): string[] => {
      const found = sql.where(where);
      const text = `SELECT ${key} AS key FROM ${name} ${found.sql} ${order}`;
      return db.all<{ key: string }>(text, ...found.values).map((row) => row.key);
    },
  };
};
type Reader<T extends object> = ReturnType<typeof readerIn<T>>;

const readsOf = <T extends object>(
  db: Control,
  description: Description<T>,
  { sql, read, keysOf }: Reader<T>,
): Reads<T> => {
  const { name } = description;
  return {
    get: db.verb(read),
    list: db.verb((query) => {
      const listing = listingOf(description, query);
      const { text, values } = sql.list(listing);
      const rows = db.all<Row>(text, ...values);
      return pageOfListing(
        description,
        rows.map(({ document }) => parsed<T>(document)),
        listing,
      );
    }),
    first: db.verb((where, sort) => {
      const found = sql.where(where);
      const text = `SELECT document FROM ${name} ${found.sql} ${sql.order(sort)} LIMIT 1`;
      const row = db.get<Row>(text, ...found.values);
      return row && parsed<T>(row.document);
    }),
    // One by one: a damaged page under one entity does not hide the others.
    all: db.verb((where, sort) =>
      keysOf(where, sql.order(sort))
        .map((of) => db.readable(() => read(of)))
        .filter((entity) => entity !== undefined),
    ),
    keys: db.verb((where) => keysOf(where)),
    count: db.verb((where) => {
      const found = sql.where(where);
      const text = `SELECT count(*) AS count FROM ${name} ${found.sql}`;
      return db.get<{ count: number }>(text, ...found.values)?.count ?? 0;
    }),
  };
};

/** The same work under the rules of each priority. */
const byPriority = <Args extends readonly unknown[], R>(
  db: Control,
  work: (...args: Args) => R,
): Record<Priority, (...args: Args) => Promise<R>> => ({
  adding: db.adding(work),
  ending: db.ending(work),
});

/** Nothing runs between a read and the write that was made from it: both are synchronous, on one thread. */
const writesOf = <T extends object>(
  db: Control,
  description: Description<T>,
  { read, keysOf }: Reader<T>,
): Writes<T> => {
  const table = tableOf(description);
  const { ofChange, ofRaise } = ownership(description);
  const write = (next: T, fields: readonly string[]): void => {
    const { sql, values } = table.update(next, fields);
    db.run(sql, ...values);
  };
  const inserting = byPriority(db, (entity: T): void => {
    try {
      db.run(table.insert, ...table.values(entity));
    } catch (error) {
      if (!isDuplicate(error)) throw error;
      const taken = uniques(description, entity).find(({ where }) => keysOf(where).length > 0);
      throw taken?.error() ?? error;
    }
  });
  const changing = byPriority(
    db,
    (group: string, of: string, seen: Seen, patch: object): T | undefined => {
      ofChange(group, seen, patch);
      const stored = read(of);
      const next = stored && changed(description, group, stored, seen, patch);
      if (next === undefined) return undefined;
      write(next, [counterOf(description, group), ...Object.keys(patch)]);
      return clone(next);
    },
  );
  const raising = byPriority(
    db,
    (counter: string, of: string, fields: object): number | undefined => {
      ofRaise(counter, fields);
      const stored = read(of);
      if (stored === undefined) return undefined;
      const { next, number } = raised(stored, counter, fields);
      write(next, [counter, ...Object.keys(fields)]);
      return number;
    },
  );
  return {
    insert: (entity, priority) => inserting[priority](entity),
    change: (group, of, seen, patch, priority) => changing[priority](group, of, seen, patch),
    raise: (counter, of, fields, priority) => raising[priority](counter, of, fields),
    delete: db.ending((of, seen) => {
      const isThere = Object.keys(seen).length === 0 || isSeen(read(of), seen);
      return isThere && db.run(table.delete, of) === 1;
    }),
  };
};

/** A described collection in a table of control.db. */
export const sqliteCollection = <T extends object>(
  db: Control,
  description: Description<T>,
): Described<T> => {
  const reader = readerIn(db, description);
  const collection = {
    ...readsOf(db, description, reader),
    ...writesOf(db, description, reader),
  };
  return { collection, dump: dumpOf(db, description) };
};
