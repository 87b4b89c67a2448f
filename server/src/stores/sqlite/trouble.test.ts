import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, describe, expect, test } from "vitest";
import { loadTestOf, runOf, runQuery, sampleOf } from "../contract/fixtures.ts";
import { expectProblem, range, rejection } from "../contract/harness.ts";
import { openSqliteStores } from "./stores.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Only root can make one; `npm test` says where it could not. */
const SMALL_DISKS = process.getuid?.() === 0 ? ["a tmpfs of 48 MiB"] : [];

const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-trouble-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, "data");
};
const open = async (dataDir: string) => {
  const stores = await openSqliteStores({ dataDir });
  closers.push(() => stores.close());
  return stores;
};

describe("a data folder in trouble", () => {
  test("whose control database another program holds: told soon, and well again afterwards", async () => {
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
    // What was committed can be read all the same.
    expect((await stores.runs.get(run.id))?.id).toBe(run.id);
    other.exec("ROLLBACK");
    other.close();
    await stores.ping();
    expect((await stores.runs.update(run.id, { version: 1 }, { notes: "x" }))?.notes).toBe("x");
  });

  test("of which a page is broken: the file is named, and what can be read stays readable", async () => {
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
          .list(runQuery({ limit: 200, sort: "createdAt" }), {})
          .then(async ({ nextCursor: cursor }) =>
            stores.runs.list(runQuery({ limit: 200, sort: "createdAt", cursor }), {}),
          ),
      ),
    ).toMatchObject({ message: expect.stringContaining("in control.db") });
    expect((await stores.loadTests.get(loadTest.id))?.id).toBe(loadTest.id);
  });

  const mount = (): string => {
    const folder = mkdtempSync(join(tmpdir(), "load-manager-full-"));
    const args = ["-t", "tmpfs", "-o", "size=48m", "tmpfs", folder];
    execFileSync("mount", args, { stdio: "ignore" });
    closers.push(() => {
      execFileSync("umount", [folder]);
      rmSync(folder, { recursive: true });
    });
    return folder;
  };

  test.each(SMALL_DISKS)(
    "whose disk (%s) is full: figures wait, the ends of runs are written, and all goes on once there is room",
    async () => {
      const disk = mount();
      const stores = await open(join(disk, "data"));
      const run = runOf({ status: "Stopping" });
      await stores.runs.create(run);
      expect(statSync(join(disk, "data/ballast")).size).toBe(8 << 20);
      const filler = openSync(join(disk, "filler"), "w");
      const fill = (): void => {
        for (const bytes of [1 << 20, 4096, 1]) {
          try {
            for (;;) writeSync(filler, Buffer.alloc(bytes, 1));
          } catch {
            // Full to this grain.
          }
        }
      };
      fill();
      let seq = 0;
      const append = () =>
        stores.metrics.append(
          range(1, 20).map(() =>
            sampleOf({ runId: run.id, seq: (seq += 1), body: new Uint8Array(4000) }),
          ),
        );
      const refused = await rejection(
        (async () => {
          for (;;) await append();
        })(),
      );
      expect(refused).toMatchObject({
        kind: "unavailable",
        message: expect.stringContaining("disk is full"),
      });
      const stored = (await stores.metrics.read(run.id)).length;

      // Many ends can be written, from the ballast; figures do not take that room.
      let current = await stores.runs.update(
        run.id,
        { version: 1 },
        { status: "Finished", finishedAt: 5 },
      );
      for (let edit = 0; edit < 50; edit += 1) {
        current = await stores.runs.update(
          run.id,
          { version: current?.version ?? 0 },
          { notes: "x".repeat(3000) },
        );
        expect(current).toBeDefined();
      }
      await expectProblem(append(), "unavailable");
      expect(await rejection(stores.ping())).toMatchObject({
        message: expect.stringContaining("disk is full"),
      });
      expect((await stores.runs.get(run.id))?.status).toBe("Finished");
      expect((await stores.metrics.read(run.id)).length).toBe(stored);

      closeSync(filler);
      rmSync(join(disk, "filler"));
      await stores.ping();
      expect((await append()).inserted).toHaveLength(20);
      expect(statSync(join(disk, "data/ballast")).size).toBe(8 << 20);
    },
  );
});
