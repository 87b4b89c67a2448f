import { describe, expect, test } from "vitest";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { onMongo } from "@load-manager/server/stores/testing/test-database.ts";
import { countsOf, depsOf, inDatabase, rejection } from "../testing/migrate-fixtures.ts";
import { lockDeps } from "../state/deps.ts";
import { takeLock } from "../state/lock.ts";
import { pendingOf, renameAll } from "./swap.ts";

describe("a recorded rename", () => {
  test.each([
    [["a"], {}, "rename"],
    [["b"], {}, "done"],
    [["a", "b"], { drop: true }, "drop"],
    [["b"], { drop: true }, "done"],
  ] as const)("a rename from a to b with %j existing", (existing, more, expected) => {
    expect(pendingOf({ from: "a", to: "b", ...more }, new Set<string>(existing))).toBe(expected);
  });

  test.each([[["a", "b"]], [[]]])("an impossible rename is refused", (existing) => {
    expect(() => pendingOf({ from: "a", to: "b" }, new Set(existing))).toThrow(AppError);
  });
});

onMongo((options) => {
  test("a process that was taken over renames and drops nothing", async () => {
    await inDatabase(options, "fence", async (db) => {
      await db.collection("a").insertOne({ x: 1 });
      const first = await takeLock(db, lockDeps(depsOf(db)));
      const second = await takeLock(
        db,
        lockDeps(depsOf(db, { self: { owner: "second", host: "elsewhere", pid: 2 } })),
      );
      const before = await countsOf(db);
      const renaming = (assertOwned: () => Promise<void>) =>
        renameAll(db, [{ from: "a", to: "b" }], 0, assertOwned, async () => {});
      expect((await rejection(renaming(first.assertOwned))).message).toMatch(
        /taken this migration over/,
      );
      expect(await countsOf(db)).toEqual(before);
      await renaming(second.assertOwned);
      expect(await countsOf(db)).toMatchObject({ b: 1 });
      await first.release();
      await second.release();
    });
  });

  test("a collection that is no longer a time series is not dropped", async () => {
    await inDatabase(options, "dropped", async (db) => {
      await db.collection("a").insertOne({ today: true });
      const drop = { from: "a", to: "b", drop: true };
      const refused = await rejection(
        renameAll(
          db,
          [drop],
          0,
          async () => {},
          async () => {},
        ),
      );
      expect(refused.message).toMatch(/a is no longer a time series/);
      expect(await countsOf(db)).toEqual({ a: 1 });
    });
  });

  test("a live process of this machine keeps its lock, however long it is silent", async () => {
    await inDatabase(options, "alive", async (db) => {
      const held = await takeLock(db, lockDeps(depsOf(db)));
      const other = { self: { owner: "other", host: "here", pid: 2 } };
      const refused = await rejection(takeLock(db, lockDeps(depsOf(db, other))));
      expect(refused.message).toMatch(/process 1 on here, which is this machine/);
      const gone = await takeLock(db, lockDeps(depsOf(db, { ...other, isAlive: () => false })));
      await held.release();
      await gone.release();
    });
  });
});
