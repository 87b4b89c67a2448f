import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import { jsonRecord, sampleRecord, testRun } from "./fixtures.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { createQueries } from "../query/queries.ts";

const NOW = 2_000_000;
export const LOAD = { loadStartedAtMs: 1_000_500, workers: ["w"] };
export const FINAL = {
  loadStartedAtMs: 1_000_500,
  stopIssuedAtMs: 1_009_500,
  workersExpected: 1,
  workersReported: 1,
};

/** Load from 1000.5 to 1009.5 s. Each second has two requests of 10 ms and a failed one of 30 ms; one more follows the stop. */
export const usualRecords = (): MetricRecord[] => [
  jsonRecord(1, RECORD.open, LOAD),
  ...Array.from({ length: 10 }, (_, index) =>
    sampleRecord(
      2 + index,
      1000 + index,
      [
        { name: "/a", ok: [10, 10] },
        { method: "POST", name: "/b", failed: [30] },
      ],
      { target: 5, real: Math.min(5, index + 1) },
    ),
  ),
  sampleRecord(12, 1010, [{ name: "/a", ok: [10] }], { target: 5, real: 0 }),
  jsonRecord(13, RECORD.final, FINAL),
];

export const queriesOver = async (records: readonly MetricRecord[]) => {
  const { metrics, runs } = createMemoryStores();
  await metrics.append(records);
  const clock = { now: () => NOW, monotonic: () => NOW, wall: () => NOW };
  return createQueries({ metrics, aggregates: createRunAggregateCache(metrics), clock, runs });
};
export const run = testRun();
