import { expect, test } from "vitest";
import { sequenceGaps } from "../../metrics/live/run-aggregate.ts";
import { sampleRecord, testRun } from "../../metrics/testing/fixtures.ts";
import { createRunAggregateCache } from "../../metrics/live/run-aggregate-cache.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import { type OpenGaps, recordGaps } from "./record-gaps.ts";

test("a gap has one event after ten seconds, and another when it is closed", async () => {
  const stores = createMemoryStores();
  const aggregates = createRunAggregateCache(stores.metrics);
  let mono = 0;
  const deps = {
    events: stores.events,
    clock: { now: () => 5000 + mono, monotonic: () => mono, wall: () => 5000 + mono },
    metrics: { gaps: async (runId: string) => sequenceGaps(await aggregates.get(runId)) },
  };
  const known: OpenGaps = new Map();
  const row = (seq: number) => sampleRecord(seq, 1000 + seq, [{ name: "/a", ok: [1] }]);
  const arrive = async (...seqs: number[]) => {
    await aggregates.get("run");
    await aggregates.add(
      "run",
      seqs.map((seq) => ({ record: row(seq) })),
    );
  };
  const pass = async (at: number) => {
    mono = at;
    await recordGaps(deps, testRun(), known);
    const { items } = await stores.events.list("run", { limit: 10 });
    return items.map(({ type, data }) => [type, data?.["fromSeq"], data?.["toSeq"]]);
  };
  await arrive(1, 2, 5, 6);
  expect(await pass(0)).toEqual([]);
  expect(await pass(9000)).toEqual([]);
  expect(await pass(10_000)).toEqual([["gap", 3, 4]]);
  expect(await pass(20_000)).toEqual([["gap", 3, 4]]);
  await arrive(3, 4);
  expect(await pass(21_000)).toEqual([
    ["gap", 3, 4],
    ["gap_closed", 3, 4],
  ]);
  await arrive(8);
  expect(await pass(22_000)).toHaveLength(2);
  await arrive(7);
  expect(await pass(40_000)).toHaveLength(2);
});
