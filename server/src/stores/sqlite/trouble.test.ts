import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
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
import {
  freshId,
  loadTestOf,
  recentRunOf,
  revisionOf,
  runOf,
  runQuery,
  sampleOf,
} from "../contract/fixtures.ts";
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

  /** A data folder on a small disk, and what fills that to the last byte and frees it again. */
  const onSmallDisk = async () => {
    const disk = mount();
    const stores = await open(join(disk, "data"));
    const filler = openSync(join(disk, "filler"), "a");
    closers.push(() => closeSync(filler));
    return {
      stores,
      ballast: (): number =>
        statSync(join(disk, "data/ballast"), { throwIfNoEntry: false })?.size ?? 0,
      fill: (): void => {
        for (const bytes of [1 << 20, 4096, 1]) {
          try {
            for (;;) writeSync(filler, Buffer.alloc(bytes, 1));
          } catch {
            // Full to this grain.
          }
        }
      },
      free: (): void => {
        ftruncateSync(filler);
      },
    };
  };
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
      const { stores, ballast, fill, free } = await onSmallDisk();
      const run = runOf({ status: "Stopping" });
      await stores.runs.create(run);
      expect(ballast()).toBe(8 << 20);
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
          { statusReason: { code: "stopped_by_user", message: "x".repeat(3000) } },
        );
        expect(current).toBeDefined();
      }
      await expectProblem(append(), "unavailable");
      expect(await rejection(stores.ping())).toMatchObject({
        message: expect.stringContaining("disk is full"),
      });
      expect((await stores.runs.get(run.id))?.status).toBe("Finished");
      expect((await stores.metrics.read(run.id)).length).toBe(stored);

      free();
      await stores.ping();
      expect((await append()).inserted).toHaveLength(20);
      expect(ballast()).toBe(8 << 20);
    },
  );

  test.each(SMALL_DISKS)(
    "whose disk (%s) is full: whatever else is wanted is refused, and the ends of runs are written all the same",
    async () => {
      const { stores, ballast, fill, free } = await onSmallDisk();
      const loadTest = loadTestOf();
      await stores.loadTests.create(loadTest);
      const runs = range(1, 200).map(() => runOf({ status: "Stopping", loadTestId: loadTest.id }));
      for (const run of runs) await stores.runs.create(run);
      const [waiting, old] = [runOf(), runOf({ status: "Finished", settledAt: 1 })];
      for (const run of [waiting, old]) await stores.runs.create(run);
      const key = { id: "key", fingerprint: "f", owner: "us", createdAt: 1 };
      await stores.keys.take(key, undefined);
      const lease = await stores.leases.claim(
        { clusterId: "local", slot: 0, holder: "us" },
        undefined,
      );
      fill();

      let revisionNumber = 0;
      const addScript = () =>
        stores.revisions.create(
          revisionOf({ loadTestId: loadTest.id, revisionNumber: (revisionNumber += 1) }),
          new Map([[freshId(), Buffer.alloc(1_500_000, revisionNumber)]]),
        );
      const wanted = {
        script: addScript,
        run: () => stores.runs.create(runOf()),
        "number of a run": () => stores.loadTests.nextRunNumber(loadTest.id, 5),
        "load test": () => stores.loadTests.create(loadTestOf()),
        "edited load test": () => stores.loadTests.update(loadTest.id, 1, { name: "Other" }),
        "notes of a run": () =>
          stores.runs.update(waiting.id, { version: 1 }, { notes: "n".repeat(10_000) }),
        "note on a run": () =>
          stores.events.append(waiting.id, [{ id: freshId(), at: 5, type: "note", message: "n" }]),
      };
      const expectRefused = async () => {
        for (const [what, write] of Object.entries(wanted)) {
          expect([what, await rejection(write())]).toMatchObject([
            what,
            { kind: "unavailable", message: expect.stringContaining("disk is full") },
          ]);
        }
      };
      // Not one of them gets the room that is kept.
      await expectRefused();
      expect(ballast()).toBe(8 << 20);
      await expectProblem(stores.ping(), "unavailable");
      await stores.metrics.deleteRun(old.id);

      for (const [index, run] of runs.entries()) {
        const message = "m".repeat(500);
        await stores.events.append(run.id, [{ id: freshId(), at: 5, type: "status", message }]);
        const patch = { status: "Stopped", finishedAt: 5, settledAt: 6 } as const;
        const ended = await stores.runs.update(
          run.id,
          { version: 1 },
          { ...patch, statusReason: { code: "stopped_by_user", message } },
        );
        expect(ended?.status).toBe("Stopped");
        expect(
          await stores.loadTests.setRecentRuns(
            loadTest.id,
            index,
            [recentRunOf({ id: run.id })],
            5,
          ),
        ).toBe(true);
        await stores.leases.beat("us", index);
        if (index % 20 === 0) await expectRefused();
      }
      expect(ballast()).toBe(0);
      expect(await stores.keys.take({ ...key, id: "of a stop" }, undefined)).toBe(true);
      await stores.keys.finish("key", "us", { status: 201, headers: {}, body: "b".repeat(2000) });
      expect(await stores.leases.release("local", 0, "us", lease?.fence ?? 0)).toBe(true);

      // What is there can be taken away.
      await stores.events.deleteRun(old.id);
      expect(await stores.runs.delete(old.id, 1)).toBe(true);
      expect(await stores.loadTests.delete(loadTest.id, 1)).toBe(true);

      free();
      for (const write of [addScript, wanted.run]) await write();
      await stores.ping();
      expect(ballast()).toBe(8 << 20);
    },
  );

  test.each(SMALL_DISKS)(
    "whose disk (%s) is too small for one script: the ballast is not given for it",
    async () => {
      const { stores, ballast } = await onSmallDisk();
      const large = new Map([["large", Buffer.alloc(45 << 20, 1)]]);
      await expectProblem(stores.revisions.create(revisionOf(), large), "unavailable");
      await expectProblem(stores.runs.create(runOf()), "unavailable");
      expect(ballast()).toBe(8 << 20);
    },
  );
});
