import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { descriptionsOf } from "../shared/assemble.ts";
import { tableSql } from "../testing/table-sql.ts";
import { openSqliteStores } from "./stores.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const root = temporaryFolder();

type IndexRow = { name: string; unique: number; origin: string; partial: number };

/** The columns, keys and indexes of a table as SQLite reports them. */
const tableIn = (db: Database.Database, name: string) => {
  const indexes = db.pragma(`index_list(${name})`) as IndexRow[];
  return {
    columns: (db.pragma(`table_info(${name})`) as { name: string }[]).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    ),
    indexes: indexes
      .map(({ seq: _seq, ...index }: IndexRow & { seq?: number }) => ({
        ...index,
        columns: (db.pragma(`index_info(${index.name})`) as { name: string }[]).map(
          (column) => column.name,
        ),
      }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    strict: db.pragma(`table_list(${name})`),
  };
};

const opened = async (): Promise<Database.Database> => {
  const dataDir = join(root, "data");
  await (await openSqliteStores({ dataDir })).close();
  return new Database(join(dataDir, "control.db"), { readonly: true });
};

test("the tables of a fresh folder are those of the descriptions", async () => {
  const real = await opened();
  for (const description of descriptionsOf()) {
    const expected = new Database(":memory:");
    expected.exec(tableSql(description));
    const withoutPlace = (table: ReturnType<typeof tableIn>) => ({
      ...table,
      columns: table.columns.map((column) => ({ ...column, cid: 0 })),
    });
    expect(withoutPlace(tableIn(real, description.name))).toEqual(
      withoutPlace(tableIn(expected, description.name)),
    );
    expected.close();
  }
  real.close();
});

test("deleting a row deletes its dependents", async () => {
  const real = await opened();
  for (const { name, key, dependents = [] } of descriptionsOf()) {
    for (const dependent of dependents) {
      const keys = real.pragma(`foreign_key_list(${dependent})`);
      expect(keys).toMatchObject([{ table: name, to: key, on_delete: "CASCADE" }]);
    }
  }
  real.close();
});

test("hot queries use an index, and sort nothing but ties", async () => {
  const real = await opened();
  const plan = (sql: string): string =>
    (real.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[])
      .map(({ detail }) => detail)
      .join("; ");
  const runs = "SELECT document FROM load_test_runs WHERE";
  const plans = {
    settled: plan(`${runs} settledAt IS NULL ORDER BY createdAt ASC, id ASC`),
    external: plan(
      `${runs} locustClusterId = 'a' AND externalKey = 'b' ORDER BY createdAt DESC, id DESC LIMIT 1`,
    ),
    keep: plan(`SELECT id FROM load_test_runs WHERE keep = 1`),
    created: plan(`SELECT document FROM load_test_runs ORDER BY createdAt DESC, id DESC LIMIT 51`),
    load_test_number: plan(
      "SELECT document FROM script_revisions WHERE loadTestId = 'a' ORDER BY revisionNumber DESC, id DESC LIMIT 1",
    ),
  };
  for (const [index, text] of Object.entries(plans)) {
    expect(text).toMatch(new RegExp(`USING (COVERING )?INDEX \\w+_${index}_idx`));
  }
  expect([plans.settled, plans.created].join()).not.toContain("TEMP B-TREE");
  real.close();
});
