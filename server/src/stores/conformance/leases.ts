import { describe, expect, test } from "vitest";
import { freshId } from "../testing/fixtures.ts";
import { openedStores, range, type OpenStores } from "./harness.ts";

export const leaseConformance = (open: OpenStores): void => {
  describe("leases", () => {
    const stores = openedStores(open);
    const store = () => stores().leases;

    test("a slot is taken with fence 1, and taken over with a higher one", async () => {
      const clusterId = freshId();
      const lease = { clusterId, slot: 0, holder: "s1", runId: "r1" };
      expect(await store().get(clusterId, 0)).toBeUndefined();
      expect(await store().claim(lease, 1)).toBeUndefined();
      expect(await store().claim(lease, undefined)).toStrictEqual({ ...lease, fence: 1 });
      expect(await store().claim(lease, undefined)).toBeUndefined();
      const other = { clusterId, slot: 0, holder: "s2" };
      expect(await store().claim(other, 2)).toBeUndefined();
      expect(await store().get(clusterId, 0)).toStrictEqual({ ...lease, fence: 1 });
      expect(await store().claim(other, 1)).toStrictEqual({ ...other, fence: 2 });
      expect(await store().get(clusterId, 0)).toStrictEqual({ ...other, fence: 2 });
      expect(await store().get(clusterId, 1)).toBeUndefined();
    });

    test("a slot is taken above what its cluster has seen, and its fence never falls", async () => {
      const clusterId = freshId();
      const lease = { clusterId, slot: 0, holder: "s1" };
      const claim = (aboveFence: number, seen?: number) =>
        store().claim({ ...lease, aboveFence }, seen);
      expect(await claim(7)).toStrictEqual({ ...lease, fence: 8 });
      expect(await claim(8, 7)).toBeUndefined();
      expect(await claim(3, 8)).toStrictEqual({ ...lease, fence: 9 });
      expect(await claim(20, 9)).toStrictEqual({ ...lease, fence: 21 });
      expect(await store().get(clusterId, 0)).toStrictEqual({ ...lease, fence: 21 });
    });

    test("a released slot keeps its fence; only its holder releases it", async () => {
      const clusterId = freshId();
      await store().claim({ clusterId, slot: 3, holder: "s1", runId: "r1" }, undefined);
      expect(await store().release(clusterId, 3, "s2", 1)).toBe(false);
      expect(await store().release(clusterId, 3, "s1", 2)).toBe(false);
      expect(await store().release(clusterId, 4, "s1", 1)).toBe(false);
      expect((await store().get(clusterId, 3))?.runId).toBe("r1");
      expect(await store().release(clusterId, 3, "s1", 1)).toBe(true);
      expect(await store().get(clusterId, 3)).toStrictEqual({
        clusterId,
        slot: 3,
        holder: "s1",
        fence: 1,
      });
      const claimed = await store().claim({ clusterId, slot: 3, holder: "s2", runId: "r2" }, 1);
      expect(claimed?.fence).toBe(2);
      expect(await store().release(clusterId, 3, "s1", 1)).toBe(false);
    });

    test("of four that want the slot one gets it, always", async () => {
      const clusterId = freshId();
      for (const fence of range(1, 15)) {
        const seen = fence === 1 ? undefined : fence - 1;
        const claims = await Promise.all(
          ["a", "b", "c", "d"].map((holder) => store().claim({ clusterId, slot: 0, holder }, seen)),
        );
        const won = claims.filter((claim) => claim !== undefined);
        expect(won).toHaveLength(1);
        expect(won[0]?.fence).toBe(fence);
        expect(await store().get(clusterId, 0)).toEqual(won[0]);
      }
    });

    test("lists all, by cluster and slot", async () => {
      const [a, b] = [`a-${freshId()}`, `b-${freshId()}`];
      for (const [clusterId, slot] of [
        [b, 0],
        [a, 10],
        [a, 2],
      ] as const) {
        await store().claim({ clusterId, slot, holder: "s" }, undefined);
      }
      const mine = (await store().list()).filter(({ clusterId }) => [a, b].includes(clusterId));
      expect(mine.map(({ clusterId, slot }) => [clusterId, slot])).toEqual([
        [a, 2],
        [a, 10],
        [b, 0],
      ]);
    });

    test("a heartbeat only rises", async () => {
      const [one, two] = [freshId(), freshId()];
      await store().beat(one, 1);
      await store().beat(two, 7);
      await store().beat(one, 3);
      await store().beat(one, 2);
      const beats = await store().heartbeats();
      expect([beats.get(one), beats.get(two)]).toEqual([3, 7]);
      await store().leave(one);
      await store().leave(one);
      const left = await store().heartbeats();
      expect([left.has(one), left.get(two)]).toEqual([false, 7]);
    });
  });
};
