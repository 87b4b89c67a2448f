import { expect, test, vi } from "vitest";
import { onMongo } from "@load-manager/server/stores/testing/test-database.ts";
import { depsOf, inDatabase, rejection } from "../testing/migrate-fixtures.ts";
import { lockDeps } from "./deps.ts";
import { takeLock } from "./lock.ts";
import { STATE_COLLECTION } from "./state.ts";

onMongo((options) => {
  test("the heartbeat rises until another owner takes over, whom the first one notices and leaves alone", async () => {
    await inDatabase(options, "heartbeat", async (db) => {
      const locks = db.collection<{ _id: string; owner: string | null; beat: number }>(
        STATE_COLLECTION,
      );
      const lock = await takeLock(db, lockDeps(depsOf(db)));
      await vi.waitFor(async () => expect((await locks.findOne())?.beat).toBeGreaterThan(0), {
        timeout: 30_000,
      });
      await lock.assertOwned();
      await locks.updateOne({ _id: "lock" }, { $set: { owner: "other", beat: 0 } });
      // Only the heartbeat notices it here: remove() does not ask the database about the lock.
      const error = await vi.waitFor(async () => rejection(lock.remove()), { timeout: 30_000 });
      expect(error.message).toMatch(/has taken this migration over/);
      await lock.release();
      expect(await locks.findOne()).toMatchObject({ owner: "other", beat: 0 });
    });
  });

  test("a released lock is free at once", async () => {
    await inDatabase(options, "released", async (db) => {
      const first = await takeLock(db, lockDeps(depsOf(db)));
      await first.release();
      const sleep = () => Promise.reject(new Error("it waited"));
      const second = await takeLock(db, lockDeps(depsOf(db, { sleep })));
      await second.assertOwned();
      await second.release();
    });
  });
});
