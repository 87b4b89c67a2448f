import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, test } from "vitest";
import { loadTestOf, runOf, runQuery } from "../testing/fixtures.ts";
import { expectProblem, range, rejection } from "../conformance/harness.ts";
import { openSqliteStores } from "./stores.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";
import { EVERYTHING } from "../model/collection.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const newFolder = (): string => {
  const folder = temporaryFolder();
  return join(folder, "data");
};
const open = async (dataDir: string) => {
  const stores = await openSqliteStores({ dataDir });
  closers.push(() => stores.close());
  return stores;
};

describe("a data folder in trouble", () => {
  test("whose control database another program locks: writes fail soon, and work again afterwards", async () => {
    const dataDir = newFolder();
    const stores = await open(dataDir);
    const run = runOf();
    await stores.runs.create(run);
    const other = new Database(join(dataDir, "control.db"));
    other.exec("BEGIN EXCLUSIVE");
    await expectProblem(stores.runs.update(run.id, { version: 1 }, { notes: "x" }), "unavailable");
    expect(await rejection(stores.ping())).toMatchObject({
      message: expect.stringMatching(/another program holds.*SQLITE_BUSY in control.db/),
    });
    // Committed data can still be read.
    expect((await stores.runs.get(run.id))?.id).toBe(run.id);
    other.exec("ROLLBACK");
    other.close();
    await stores.ping();
    expect((await stores.runs.update(run.id, { version: 1 }, { notes: "x" }))?.notes).toBe("x");
  });

  test("with a damaged page: the message names the file, and undamaged data stay readable", async () => {
    const dataDir = newFolder();
    const first = await openSqliteStores({ dataDir });
    const runs = range(1, 400).map((index) => runOf({ createdAt: index, notes: "n".repeat(500) }));
    for (const run of runs) await first.runs.create(run);
    const loadTest = loadTestOf();
    await first.loadTests.create(loadTest);
    await first.close();
    const file = join(dataDir, "control.db");
    const needle = runs[200]?.id ?? "";
    const at = readFileSync(file).indexOf(`"id":"${needle}"`);
    expect(at).toBeGreaterThan(0);
    const handle = openSync(file, "r+");
    writeSync(handle, Buffer.alloc(4096, 0xa5), 0, 4096, at - (at % 4096));
    closeSync(handle);

    const stores = await open(dataDir);
    expect(await rejection(stores.ping())).toMatchObject({
      kind: "unavailable",
      message: expect.stringMatching(/control.db is damaged .*load-manager store restore/),
    });
    const outcomes = await Promise.all(
      runs.map(({ id }) =>
        stores.runs.get(id).then(
          (run) => run?.id,
          () => "damaged",
        ),
      ),
    );
    const read = outcomes.filter((id, index) => id === runs[index]?.id).length;
    const damaged = outcomes.filter((id) => id === "damaged").length;
    expect([read > 300, damaged > 0]).toEqual([true, true]);
    expect(
      await rejection(
        stores.runs
          .list(runQuery({ limit: 200, sort: "createdAt" }), EVERYTHING)
          .then(async ({ nextCursor: cursor }) =>
            stores.runs.list(runQuery({ limit: 200, sort: "createdAt", cursor }), EVERYTHING),
          ),
      ),
    ).toMatchObject({ message: expect.stringContaining("in control.db") });
    expect((await stores.loadTests.get(loadTest.id))?.id).toBe(loadTest.id);
    // The loop still gets the open runs that can be read.
    expect(await stores.runs.unsettled()).toHaveLength(read);
  });

  test("with a document that is not JSON: it counts as damaged, and other runs stay readable", async () => {
    const dataDir = newFolder();
    const first = await openSqliteStores({ dataDir });
    const [broken, whole] = [runOf({ notes: "x".repeat(50) }), runOf()];
    for (const run of [broken, whole]) await first.runs.create(run);
    await first.close();
    const file = join(dataDir, "control.db");
    const handle = openSync(file, "r+");
    writeSync(handle, "\n".repeat(50), readFileSync(file).indexOf("x".repeat(50)));
    closeSync(handle);

    const stores = await open(dataDir);
    const ids = (await stores.runs.unsettled()).map(({ id }) => id);
    expect(ids).toEqual([whole.id]);
    const damage = { kind: "unavailable", message: expect.stringContaining("is damaged") };
    expect(await rejection(stores.runs.get(broken.id))).toMatchObject(damage);
    expect(await rejection(stores.ping())).toMatchObject(damage);
  });
});
