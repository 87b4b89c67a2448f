import { execFileSync } from "node:child_process";
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import {
  freshId,
  loadTestOf,
  recentRunOf,
  revisionOf,
  runOf,
  sampleOf,
} from "../testing/fixtures.ts";
import { expectProblem, range, rejection } from "../conformance/harness.ts";
import { openSqliteStores } from "./stores.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

/** Only root can mount a small disk; `npm test` reports when it could not. */
const SMALL_DISKS = process.getuid?.() === 0 ? ["a tmpfs of 48 MiB"] : [];

const open = async (dataDir: string) => {
  const stores = await openSqliteStores({ dataDir });
  closers.push(() => stores.close());
  return stores;
};

describe("a data folder", () => {
  const onSmallDisk = async () => {
    const disk = mount();
    const stores = await open(join(disk, "data"));
    const filler = openSync(join(disk, "filler"), "a");
    closers.push(() => closeSync(filler));
    return {
      disk,
      stores,
      ballast: (): number =>
        statSync(join(disk, "data/ballast"), { throwIfNoEntry: false })?.size ?? 0,
      fill: (): void => {
        for (const bytes of [1 << 20, 4096, 1]) {
          try {
            for (;;) writeSync(filler, Buffer.alloc(bytes, 1));
          } catch {
            // No room is left for a write of this size.
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
    "whose disk (%s) is full: metrics are refused, the ends of runs are written, and everything works again once there is room",
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

      // The ballast gives room for the ends of many runs; metrics do not get that room.
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
    "whose disk (%s) is full: all other writes are refused, and the ends of runs are written",
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
      // None of them gets the room of the ballast.
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

      // Deleting is possible.
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
    "whose disk (%s) is full can be opened, and the ends of runs can be written",
    async () => {
      const { disk, stores, fill, free, ballast } = await onSmallDisk();
      const run = runOf({ status: "Stopping" });
      await stores.runs.create(run);
      fill();
      await stores.close();
      fill();
      const again = await open(join(disk, "data"));
      expect((await again.runs.get(run.id))?.status).toBe("Stopping");
      const patch = { status: "Stopped", finishedAt: 5 } as const;
      expect((await again.runs.update(run.id, { version: 1 }, patch))?.status).toBe("Stopped");
      await expectProblem(again.runs.create(runOf()), "unavailable");
      free();
      await again.ping();
      expect(ballast()).toBe(8 << 20);
    },
  );

  test.each(SMALL_DISKS)(
    "whose disk (%s) is too small for a script: the ballast is not used for it",
    async () => {
      const { stores, ballast } = await onSmallDisk();
      const large = new Map([["large", Buffer.alloc(45 << 20, 1)]]);
      await expectProblem(stores.revisions.create(revisionOf(), large), "unavailable");
      await expectProblem(stores.runs.create(runOf()), "unavailable");
      expect(ballast()).toBe(8 << 20);
    },
  );
});
