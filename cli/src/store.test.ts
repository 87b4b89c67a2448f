import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadTestOf } from "@load-manager/server/stores/testing/fixtures.ts";
import { openSqliteStores } from "@load-manager/server/stores/sqlite/stores.ts";
import { expect, test } from "vitest";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";

const CLI = fileURLToPath(new URL("../bin/load-manager.js", import.meta.url));
const folder = temporaryFolder();
const run = (...args: string[]) => {
  const result = spawnSync(process.execPath, [CLI, "store", ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: 60_000,
  });
  return { code: result.status, out: result.stdout, err: result.stderr };
};

test("an invalid address gets one line, and nothing is created", () => {
  const said = (from: string, to: string): string => {
    const { code, err } = run("copy", "--from", from, "--to", to);
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    return err;
  };
  expect(said("sqlit:a", "sqlite:b")).toContain("--from must be sqlite:FOLDER or mongodb");
  expect(said("sqlite:a", "memory")).toContain("--to cannot be memory");
  expect(said("sqlite:a", "sqlite:./a")).toContain("are the same");
  expect(said("sqlite:a", "sqlite:b")).toContain("There is no data of Load Manager");
  expect(run("copy", "--force", "--from", "sqlite:a", "--to", "sqlite:b").err).toMatch(
    /^--force is for a MongoDB source: .* store backup/,
  );
  expect(said("mongodb://127.0.0.1:1/?w=1", "sqlite:b")).toContain("names no database");
  expect(run("backup", "x.tar", "--data-dir", "a").err).toContain("There is no data");
  expect(run("restore", "x.tar", "--data-dir", "a").err).toContain("cannot be read");
  expect(["a", "b", "x.tar"].filter((name) => existsSync(join(folder, name)))).toEqual([]);
  writeFileSync(
    join(folder, "mongo.yaml"),
    "store: { kind: mongodb }\nmongodb: { uri: 'mongodb://h' }\n",
  );
  expect(run("backup", "x.tar", "--config", "mongo.yaml").err).toContain("mongodump");
});

test("copy, backup and restore report their result; stdout has the table only", async () => {
  const stores = await openSqliteStores({ dataDir: join(folder, "data") });
  await stores.loadTests.create(loadTestOf());
  expect(run("copy", "--from", "sqlite:data", "--to", "sqlite:c").err).toContain("is in use by");
  const backup = run("backup", "one.tar", "--data-dir", "data");
  expect(backup).toMatchObject({ code: 0, out: expect.stringContaining("one.tar (") });
  await stores.close();
  const restored = run("restore", "one.tar", "--data-dir", "restored");
  expect(restored).toMatchObject({ code: 0, out: expect.stringContaining("can be started") });
  expect(run("restore", "one.tar", "--data-dir", "restored").err).toContain("--force");
  const copied = run("copy", "--from", "sqlite:restored", "--to", "sqlite:c");
  expect(copied.code).toBe(0);
  expect(copied.out).toMatch(/^kind +source +checksum/);
  expect(copied.out).toMatch(/load_tests +1 +[0-9a-f]{16} +1 +[0-9a-f]{16} +same/);
  expect(copied.err).toContain("Copying load tests: 1 of 1");
});
