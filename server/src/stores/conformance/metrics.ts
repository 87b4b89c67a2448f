import { describe, expect, test } from "vitest";
import type { MetricRecord } from "../model/metric-store.ts";
import { freshId, sampleOf } from "../testing/fixtures.ts";
import { openedStores, range, type OpenStores } from "./harness.ts";

const [MASTER_INSTANCE_A, MASTER_INSTANCE_B] = ["a".repeat(32), "b".repeat(32)];

/** Bodies as plain arrays: a view and a buffer of their own are equal. */
const shown = (records: readonly MetricRecord[]) =>
  records.map((record) => ({ ...record, body: [...record.body] }));

export const metricConformance = (open: OpenStores): void => {
  describe("metrics", () => {
    const stores = openedStores(open);
    const store = () => stores().metrics;
    const places = (records: readonly MetricRecord[]) =>
      records.map(({ masterInstanceId, seq }) => `${masterInstanceId[0]}${seq}`);

    test("stores records and gives them back by masterInstanceId and number", async () => {
      const runId = freshId();
      const records = [
        sampleOf({
          runId,
          masterInstanceId: MASTER_INSTANCE_B,
          seq: 1,
          type: 1,
          second: 0,
          body: new Uint8Array(),
        }),
        sampleOf({
          runId,
          masterInstanceId: MASTER_INSTANCE_A,
          seq: 10,
          body: Uint8Array.of(0, 255),
        }),
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_A, seq: 9, type: 5, second: 0 }),
      ];
      await store().append([sampleOf({ runId: freshId() })]);
      expect(await store().append(records)).toEqual({ inserted: [0, 1, 2], conflicting: [] });
      expect(shown(await store().read(runId))).toEqual(
        shown([records[2], records[1], records[0]].flatMap((record) => record ?? [])),
      );
      expect(await store().append([])).toEqual({ inserted: [], conflicting: [] });
      expect(await store().read(freshId())).toEqual([]);
    });

    test("a record sent again is stored once; other bytes under its key are named, and the first kept", async () => {
      const runId = freshId();
      const record = (seq: number, ...body: number[]) =>
        sampleOf({ runId, seq, body: Uint8Array.from(body) });
      await store().append([record(1, 1), record(2, 2)]);
      const second = [
        record(2, 2),
        record(3, 3),
        record(1, 99),
        record(3, 3),
        record(3, 4),
        record(2),
      ];
      expect(await store().append(second)).toEqual({ inserted: [1], conflicting: [2, 4, 5] });
      expect(await store().append(second)).toEqual({ inserted: [], conflicting: [2, 4, 5] });
      expect((await store().read(runId)).map(({ body }) => [...body])).toEqual([[1], [2], [3]]);
      const other = { ...record(1, 50), masterInstanceId: "c".repeat(32) };
      expect(await store().append([other])).toEqual({ inserted: [0], conflicting: [] });
    });

    test("the same records from many at once are inserted once", async () => {
      const runId = freshId();
      const records = range(1, 20).map((seq) => sampleOf({ runId, seq, body: Uint8Array.of(seq) }));
      const results = await Promise.all(range(1, 4).map(() => store().append(records)));
      const inserted = results.flatMap((result) => result.inserted);
      expect(inserted.toSorted((a, b) => a - b)).toEqual(range(0, 19));
      expect(results.flatMap((result) => result.conflicting)).toEqual([]);
      expect(await store().read(runId)).toHaveLength(20);
    });

    test("a range of seconds gives samples only, both ends included", async () => {
      const runId = freshId();
      await store().append([
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_A, seq: 1, type: 1, second: 0 }),
        ...range(2, 6).map((seq) =>
          sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_A, seq, second: 98 + seq }),
        ),
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_A, seq: 7, type: 3, second: 0 }),
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_B, seq: 1, second: 101 }),
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_A, seq: 8, second: 101 }),
      ]);
      const read = async (fromSecond: number, toSecond: number) =>
        places(await store().read(runId, { fromSecond, toSecond }));
      expect(await read(101, 103)).toEqual(["a3", "a4", "a5", "a8", "b1"]);
      expect(await read(0, 100)).toEqual(["a2"]);
      expect(await read(103, 102)).toEqual([]);
      expect(await store().read(runId)).toHaveLength(9);
    });

    test("a follower reads what is after its place in each masterInstanceId", async () => {
      const runId = freshId();
      for (const masterInstanceId of [MASTER_INSTANCE_B, MASTER_INSTANCE_A]) {
        await store().append(range(1, 4).map((seq) => sampleOf({ runId, masterInstanceId, seq })));
      }
      const after = async (cursor: Record<string, number>, limit: number) =>
        places(await store().readAfter(runId, new Map(Object.entries(cursor)), limit));
      expect(await after({}, 6)).toEqual(["a1", "a2", "a3", "a4", "b1", "b2"]);
      expect(await after({ [MASTER_INSTANCE_A]: 3 }, 10)).toEqual(["a4", "b1", "b2", "b3", "b4"]);
      expect(await after({ [MASTER_INSTANCE_A]: 4, [MASTER_INSTANCE_B]: 2 }, 1)).toEqual(["b3"]);
      expect(await after({ [MASTER_INSTANCE_A]: 4, [MASTER_INSTANCE_B]: 4 }, 10)).toEqual([]);
      await store().append([sampleOf({ runId, masterInstanceId: "0".repeat(32), seq: 1 })]);
      expect(await after({ [MASTER_INSTANCE_A]: 4, [MASTER_INSTANCE_B]: 4 }, 10)).toEqual(["01"]);
    });

    test("compacting: rollups come, records go, and their numbers stay known", async () => {
      const [runId, other] = [freshId(), freshId()];
      const records = [1, 2, 3, 5, 6].map((seq) =>
        sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_B, seq, second: 100 + seq }),
      );
      await store().append([...records, sampleOf({ runId: other, seq: 1 })]);
      const rollup = (series: string, start: number, ...body: number[]) => ({
        runId,
        series,
        level: 1,
        start,
        body: Uint8Array.from(body),
      });
      const [a, b] = ["a".repeat(16), "b".repeat(16)];
      expect(
        await store().compact(runId, records.slice(0, 2), [rollup(b, 0, 1), rollup("", 0, 2)]),
      ).toBe(true);
      await store().compact(runId, records.slice(3, 4), [rollup(b, 0, 3), rollup(a, 300, 4)]);
      const all = { level: 1, fromStart: 0, toStart: 900 };
      const read = async (series: string[] | "endpoints", more = {}) =>
        (await store().readRollups(runId, { rollups: [{ ...all, series, ...more }] })).rollups.map(
          ({ series: one, start, body }) => [one[0] ?? "", start, ...body],
        );
      expect(await read("endpoints")).toEqual([
        ["a", 300, 4],
        ["b", 0, 3],
      ]);
      expect(await read(["", b])).toEqual([
        ["", 0, 2],
        ["b", 0, 3],
      ]);
      expect(await read([a, b], { fromStart: 300, toStart: 300 })).toEqual([["a", 300, 4]]);
      expect(await read("endpoints", { level: 10 })).toEqual([]);
      const seqs = async (within: { fromSecond?: number; toSecond?: number } | undefined) =>
        (
          await store().readRollups(runId, { rollups: [], ...(within ? { records: within } : {}) })
        ).records.map(({ seq }) => seq);
      expect(await seqs({})).toEqual([3, 6]);
      expect(await seqs({ toSecond: 105 })).toEqual([3]);
      expect(await seqs(undefined)).toEqual([]);
      expect(places(await store().read(runId))).toEqual(["b3", "b6"]);
      const { masterInstanceId } = records[0] ?? { masterInstanceId: "" };
      const compacted = async () => (await store().readRollups(runId, { rollups: [] })).compacted;
      expect(await compacted()).toEqual([
        { masterInstanceId, fromSeq: 1, toSeq: 2 },
        { masterInstanceId, fromSeq: 5, toSeq: 5 },
      ]);
      expect(await store().append(records)).toEqual({ inserted: [], conflicting: [] });
      const left = records.filter(({ seq }) => seq === 3 || seq === 6);
      expect(await store().compact(runId, left, [])).toBe(true);
      expect(await compacted()).toEqual([
        { masterInstanceId, fromSeq: 1, toSeq: 3 },
        { masterInstanceId, fromSeq: 5, toSeq: 6 },
      ]);
      expect(
        (await store().append([sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_B, seq: 4 })]))
          .inserted,
      ).toEqual([0]);
      await store().compact(
        runId,
        [sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_B, seq: 4 })],
        [],
      );
      expect(await compacted()).toEqual([{ masterInstanceId, fromSeq: 1, toSeq: 6 }]);
      const before = await read("endpoints");
      const again = sampleOf({ runId, masterInstanceId: MASTER_INSTANCE_B, seq: 9 });
      await store().append([again]);
      const stale = [again, ...records.slice(0, 1)];
      expect(await store().compact(runId, stale, [rollup(a, 600, 5)])).toBe(false);
      expect(await read("endpoints")).toEqual(before);
      expect(await seqs({})).toEqual([9]);
      await store().deleteRun(runId);
      expect(await store().compact(runId, [again], [rollup(a, 600, 5)])).toBe(false);
      expect(await read("endpoints")).toEqual([]);
      expect(await compacted()).toEqual([]);
      expect(await store().read(other)).toHaveLength(1);
    });

    test("says which runs have samples that are not compacted; old rollups expire by level, but those of kept runs", async () => {
      const [old, young, kept] = [freshId(), freshId(), freshId()];
      await store().append([
        sampleOf({ runId: old, seq: 1, second: 1000 }),
        sampleOf({ runId: old, seq: 2, type: 8, second: 900 }),
        sampleOf({ runId: young, seq: 1, second: 5000 }),
        sampleOf({ runId: young, seq: 2, type: 8, second: 6000 }),
        sampleOf({ runId: young, seq: 3, type: 1, second: 0 }),
      ]);
      const of = async (beforeSecond: number) =>
        (await store().uncompacted(beforeSecond)).filter(({ runId }) =>
          [old, young].includes(runId),
        );
      expect(await of(5000)).toEqual([{ runId: old, second: 900 }]);
      expect((await of(5001)).toSorted((a, b) => a.second - b.second)).toEqual([
        { runId: old, second: 900 },
        { runId: young, second: 5000 },
      ]);
      expect(await of(900)).toEqual([]);
      for (const runId of [old, kept]) {
        const rollups = [1, 10].flatMap((level) =>
          [300, 600].map((start) => ({ runId, series: "", level, start, body: Uint8Array.of(1) })),
        );
        await store().compact(runId, [], rollups);
      }
      await store().expire(1, 600, [kept]);
      const left = async (runId: string) => {
        const all = { series: [""], fromStart: 0, toStart: 900 };
        const query = { rollups: [1, 10].map((level) => ({ level, ...all })) };
        return (await store().readRollups(runId, query)).rollups.map(({ level, start }) => [
          level,
          start,
        ]);
      };
      expect(await left(old)).toEqual([
        [1, 600],
        [10, 300],
        [10, 600],
      ]);
      expect(await left(kept)).toHaveLength(4);
      await store().expire(1, 0, []);
    });

    test("takes in and hands out copies, also of a part of a larger buffer", async () => {
      const runId = freshId();
      const buffer = Uint8Array.from(range(0, 99));
      const records = [1, 2].map((seq) =>
        sampleOf({ runId, seq, body: buffer.subarray(seq * 10, seq * 10 + 3) }),
      );
      const appended = store().append(records);
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

    test("deletes the records of one run", async () => {
      const [gone, kept] = [freshId(), freshId()];
      const records = range(1, 4500).map((seq) => sampleOf({ runId: gone, seq }));
      await store().append([...records, sampleOf({ runId: kept })]);
      await store().deleteRun(gone);
      await store().deleteRun(gone);
      expect([(await store().read(gone)).length, (await store().read(kept)).length]).toEqual([
        0, 1,
      ]);
      expect((await store().append(records.slice(0, 1))).inserted).toEqual([0]);
    });
  });
};
