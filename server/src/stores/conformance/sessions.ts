import { describe, expect, test } from "vitest";
import { freshId } from "../testing/fixtures.ts";
import { openedStores, type OpenStores } from "./harness.ts";

const sessionOf = (fields: { createdAt?: number; lastUsedAt?: number } = {}) => ({
  id: freshId(),
  tokenDigest: "d",
  createdAt: 1_000,
  lastUsedAt: 1_000,
  version: 1,
  ...fields,
});

export const sessionConformance = (open: OpenStores): void => {
  describe("sessions", () => {
    const stores = openedStores(open);
    const store = () => stores().sessions;

    test("are used by one writer at a time, and deleted once", async () => {
      const session = sessionOf();
      await store().create(session);
      expect(await store().use(session.id, 1, 5_000)).toMatchObject({
        lastUsedAt: 5_000,
        version: 2,
      });
      expect(await store().use(session.id, 1, 6_000)).toBeUndefined();
      expect(await store().get(session.id)).toMatchObject({ lastUsedAt: 5_000 });
      expect(await store().delete(session.id)).toBe(true);
      expect(await store().delete(session.id)).toBe(false);
      expect(await store().get(session.id)).toBeUndefined();
      expect(await store().use(session.id, 2, 7_000)).toBeUndefined();
    });

    test("expire by their age and by their last use", async () => {
      const old = sessionOf({ createdAt: 10, lastUsedAt: 900 });
      const idle = sessionOf({ createdAt: 500, lastUsedAt: 600 });
      const fresh = sessionOf({ createdAt: 500, lastUsedAt: 900 });
      for (const session of [old, idle, fresh]) await store().create(session);
      await store().expire(100, 700);
      const left = [old, idle, fresh].map(({ id }) => store().get(id));
      expect(await Promise.all(left)).toEqual([undefined, undefined, fresh]);
    });

    test("of other tokens are deleted, whatever else they are", async () => {
      const [kept, other, third] = ["kept", "other", "third"].map((tokenDigest) => ({
        ...sessionOf(),
        tokenDigest,
      }));
      const all = [kept, other, third].filter((session) => session !== undefined);
      for (const session of all) await store().create(session);
      await store().keepTokens(["kept", "another"]);
      const left = await Promise.all(all.map(({ id }) => store().get(id)));
      expect(left).toEqual([kept, undefined, undefined]);
      await store().keepTokens([]);
      expect(await store().get(kept?.id ?? "")).toBeUndefined();
    });
  });
};
