import { describe, expect, test } from "vitest";
import { freshId } from "../testing/fixtures.ts";
import { openedStores, range, type OpenStores } from "./harness.ts";

export const keyConformance = (open: OpenStores): void => {
  describe("idempotency keys", () => {
    const stores = openedStores(open);
    const store = () => stores().keys;
    const recordOf = (fields = {}) => ({
      id: freshId(),
      fingerprint: "f",
      owner: "s1",
      createdAt: 1_000_000,
      ...fields,
    });
    const answer = { status: 201, headers: { "x.y": "1" }, body: '{"a":1}' };

    test("a key is taken once, answered by its owner, and given back", async () => {
      const record = recordOf();
      expect(await store().get(record.id)).toBeUndefined();
      expect(await store().take(record, undefined)).toBe(true);
      expect(await store().take(recordOf({ id: record.id, owner: "s2" }), undefined)).toBe(false);
      expect(await store().get(record.id)).toStrictEqual(record);
      await store().finish(record.id, "s2", answer);
      expect(await store().get(record.id)).toStrictEqual(record);
      await store().finish(record.id, "s1", answer);
      expect(await store().get(record.id)).toStrictEqual({ ...record, answer });
      await store().drop(record.id, "s1");
      expect(await store().get(record.id)).toStrictEqual({ ...record, answer });
    });

    test("what a gone owner left is taken over by one of many", async () => {
      const record = recordOf();
      await store().take(record, undefined);
      const taken = await Promise.all(
        range(1, 4).map((index) => store().take({ ...record, owner: `n${index}` }, record)),
      );
      expect(taken.filter(Boolean)).toHaveLength(1);
      expect((await store().get(record.id))?.owner).toBe(`n${taken.indexOf(true) + 1}`);
      expect(await store().take(record, record)).toBe(false);
      const own = recordOf();
      await store().take(own, undefined);
      expect(await store().take(own, own)).toBe(true);
      await store().finish(own.id, "s1", answer);
      expect(await store().take(own, own)).toBe(false);
      expect((await store().get(own.id))?.answer).toStrictEqual(answer);
      expect(await store().take(recordOf(), recordOf())).toBe(false);
    });

    test("a request that failed leaves nothing; old keys go", async () => {
      const [failed, old, young] = [recordOf(), recordOf({ createdAt: 5 }), recordOf()];
      for (const record of [failed, old, young]) await store().take(record, undefined);
      await store().drop(failed.id, "s2");
      expect(await store().get(failed.id)).toBeDefined();
      await store().drop(failed.id, "s1");
      await store().expire(6);
      const left = await Promise.all([failed, old, young].map(({ id }) => store().get(id)));
      expect(left.map((record) => record !== undefined)).toEqual([false, false, true]);
    });
  });
};
