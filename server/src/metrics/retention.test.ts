import { expect, test } from "vitest";
import { createSteadyClock } from "../lib/clock.ts";
import { createMemoryStores } from "../stores/memory/stores.ts";
import { RECORD } from "./codec/batch.ts";
import { createCompactor } from "./rollups/compactor.ts";
import { createRunMetrics } from "./run-metrics.ts";
import { batchOf, jsonRecord, sampleRecord, testRun } from "./testing/fixtures.ts";

const silent = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

test("a wall clock that is set forward during a run expires none of its metrics", async () => {
  const stores = createMemoryStores();
  await stores.runs.create(testRun({ status: "Running" }));
  let [wall, passed] = [1_700_000_000_000, 0];
  const clock = createSteadyClock({
    wall: () => wall,
    monotonic: () => passed,
    awakeOrAsleep: () => passed,
  });
  const retention = { secondsDays: 14, tenSecondsDays: 90 };
  const metrics = createRunMetrics({ ...stores, shared: false, clock, retention });
  const from = 1_700_000_000;
  const sampleAt = (seq: number, second: number) =>
    sampleRecord(seq, second, [{ name: "/a", ok: [10] }]);
  const first = Array.from({ length: 60 }, (_, index) => sampleAt(index + 2, from + index));
  const open = jsonRecord(1, RECORD.open, { loadStartedAtMs: from * 1000, workers: ["w"] });
  await metrics.ingestBatch(batchOf([open, ...first]));
  passed += 180_000;
  wall += 180_000 + 15 * 86_400_000;
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock,
    log: silent,
    retention,
    keptRunIds: stores.runs.kept,
  });
  await compactor.runOnce();
  await compactor.stop();
  const { rollups } = await stores.metrics.readRollups("run", {
    rollups: [{ level: 1, series: "endpoints", fromStart: 0, toStart: Number.MAX_SAFE_INTEGER }],
    records: {},
  });
  expect(rollups.length).toBeGreaterThan(0);
  const now = Math.floor(clock.now() / 1000);
  await metrics.ingestBatch(batchOf([sampleAt(62, now - 1)]));
  expect(await metrics.requests("run")).toBe(61);
});
