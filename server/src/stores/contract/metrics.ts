import { describe, expect, test } from "vitest";
import type { SampleRow } from "../ports.ts";
import { freshId, sampleOf } from "./fixtures.ts";
import { openedStores, range, type OpenStores } from "./harness.ts";

const [BOOT_A, BOOT_B] = ["a".repeat(32), "b".repeat(32)];

/** Bodies as plain arrays: a view and a buffer of their own are equal. */
const shown = (rows: readonly SampleRow[]) => rows.map((row) => ({ ...row, body: [...row.body] }));

export const metricContract = (open: OpenStores): void => {
  describe("metrics", () => {
    const stores = openedStores(open);
    const store = () => stores().metrics;
    const places = (rows: readonly SampleRow[]) => rows.map(({ boot, seq }) => `${boot[0]}${seq}`);

    test("stores rows and gives them back by boot and number", async () => {
      const runId = freshId();
      const rows = [
        sampleOf({ runId, boot: BOOT_B, seq: 1, type: 1, second: 0, body: new Uint8Array() }),
        sampleOf({ runId, boot: BOOT_A, seq: 10, body: Uint8Array.of(0, 255) }),
        sampleOf({ runId, boot: BOOT_A, seq: 9, type: 5, second: 0 }),
      ];
      await store().append([sampleOf({ runId: freshId() })]);
      expect(await store().append(rows)).toEqual({ inserted: [0, 1, 2], conflicting: [] });
      expect(shown(await store().read(runId))).toEqual(
        shown([rows[2], rows[1], rows[0]].flatMap((row) => row ?? [])),
      );
      expect(await store().append([])).toEqual({ inserted: [], conflicting: [] });
      expect(await store().read(freshId())).toEqual([]);
    });

    test("a row sent again is stored once; other bytes under its key are named, and the first kept", async () => {
      const runId = freshId();
      const row = (seq: number, ...body: number[]) =>
        sampleOf({ runId, seq, body: Uint8Array.from(body) });
      await store().append([row(1, 1), row(2, 2)]);
      const second = [row(2, 2), row(3, 3), row(1, 99), row(3, 3), row(3, 4), row(2)];
      expect(await store().append(second)).toEqual({ inserted: [1], conflicting: [2, 4, 5] });
      expect(await store().append(second)).toEqual({ inserted: [], conflicting: [2, 4, 5] });
      expect((await store().read(runId)).map(({ body }) => [...body])).toEqual([[1], [2], [3]]);
      const attempt = { ...row(1, 50), attempt: 2 };
      expect(await store().append([attempt])).toEqual({ inserted: [0], conflicting: [] });
    });

    test("the same rows from many at once are inserted once", async () => {
      const runId = freshId();
      const rows = range(1, 20).map((seq) => sampleOf({ runId, seq, body: Uint8Array.of(seq) }));
      const results = await Promise.all(range(1, 4).map(() => store().append(rows)));
      const inserted = results.flatMap((result) => result.inserted);
      expect(inserted.toSorted((a, b) => a - b)).toEqual(range(0, 19));
      expect(results.flatMap((result) => result.conflicting)).toEqual([]);
      expect(await store().read(runId)).toHaveLength(20);
    });

    test("a range of seconds gives samples only, both ends included", async () => {
      const runId = freshId();
      await store().append([
        sampleOf({ runId, boot: BOOT_A, seq: 1, type: 1, second: 0 }),
        ...range(2, 6).map((seq) => sampleOf({ runId, boot: BOOT_A, seq, second: 98 + seq })),
        sampleOf({ runId, boot: BOOT_A, seq: 7, type: 3, second: 102 }),
        sampleOf({ runId, boot: BOOT_B, seq: 1, second: 101 }),
        sampleOf({ runId, boot: BOOT_A, seq: 8, second: 101 }),
      ]);
      const read = async (fromSecond: number, toSecond: number) =>
        places(await store().read(runId, { fromSecond, toSecond }));
      expect(await read(101, 103)).toEqual(["a3", "a4", "a5", "a8", "b1"]);
      expect(await read(0, 100)).toEqual(["a2"]);
      expect(await read(103, 102)).toEqual([]);
      expect(await store().read(runId)).toHaveLength(9);
    });

    test("a follower reads what is after its place in each boot", async () => {
      const runId = freshId();
      for (const boot of [BOOT_B, BOOT_A]) {
        await store().append(range(1, 4).map((seq) => sampleOf({ runId, boot, seq })));
      }
      const after = async (cursor: Record<string, number>, limit: number) =>
        places(await store().readAfter(runId, new Map(Object.entries(cursor)), limit));
      expect(await after({}, 6)).toEqual(["a1", "a2", "a3", "a4", "b1", "b2"]);
      expect(await after({ [BOOT_A]: 3 }, 10)).toEqual(["a4", "b1", "b2", "b3", "b4"]);
      expect(await after({ [BOOT_A]: 4, [BOOT_B]: 2 }, 1)).toEqual(["b3"]);
      expect(await after({ [BOOT_A]: 4, [BOOT_B]: 4 }, 10)).toEqual([]);
      await store().append([sampleOf({ runId, boot: "0".repeat(32), seq: 1 })]);
      expect(await after({ [BOOT_A]: 4, [BOOT_B]: 4 }, 10)).toEqual(["01"]);
    });

    test("takes in and hands out copies, also of a part of a larger buffer", async () => {
      const runId = freshId();
      const buffer = Uint8Array.from(range(0, 99));
      const rows = [1, 2].map((seq) =>
        sampleOf({ runId, seq, body: buffer.subarray(seq * 10, seq * 10 + 3) }),
      );
      const appended = store().append(rows);
      buffer.fill(0);
      await appended;
      const read = await store().read(runId);
      expect(read.map(({ body }) => [...body])).toEqual([
        [10, 11, 12],
        [20, 21, 22],
      ]);
      read[0]?.body.fill(0);
      expect([...((await store().readAfter(runId, new Map(), 1))[0]?.body ?? [])]).toEqual([
        10, 11, 12,
      ]);
    });

    test("deletes the rows of one run", async () => {
      const [gone, kept] = [freshId(), freshId()];
      const rows = range(1, 4500).map((seq) => sampleOf({ runId: gone, seq }));
      await store().append([...rows, sampleOf({ runId: kept })]);
      await store().deleteRun(gone);
      await store().deleteRun(gone);
      expect([(await store().read(gone)).length, (await store().read(kept)).length]).toEqual([
        0, 1,
      ]);
      expect((await store().append(rows.slice(0, 1))).inserted).toEqual([0]);
    });
  });
};
