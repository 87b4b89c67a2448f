import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import {
  AggregateQuery,
  RequestsQuery,
  TimeseriesQuery,
  WindowQuery,
} from "@load-manager/contract/api/metrics.ts";
import { RECORD } from "../../metrics/codec/batch.ts";
import { createCompactor } from "../../metrics/rollups/compactor.ts";
import {
  jsonRecord,
  type Requests,
  sampleRecord,
  testRun,
} from "../../metrics/testing/fixtures.ts";
import { createRunAggregateCache } from "../../metrics/live/run-aggregate-cache.ts";
import { createQueries } from "../../metrics/query/queries.ts";
import { loadTestOf, revisionOf, runOf, snapshotOf } from "./fixtures.ts";
import { putMissingSamples } from "./samples.ts";
import type { MetricRecord } from "../model/metric-store.ts";
import type { Stores } from "../ports.ts";

const NOW = 5_000_000;
const LENGTH = 700;

/** For tests. Seconds from 900 on, of which the first windows get compacted, and one late sample after that. */
const rowsOf = (runId: string): MetricRecord[] => {
  const records: MetricRecord[] = [
    jsonRecord(1, RECORD.open, { loadStartedAtMs: 900_300, workers: ["w"] }),
  ];
  for (let second = 900; second < 900 + LENGTH; second += 1) {
    const requests: Requests[] = [0, 1, 2].map((index) => ({
      name: `/${index}`,
      ok: [1 + ((second * 7 + index) % 300), 20],
      failed: second % 3 === index ? [500, null] : [],
    }));
    const users = { target: 5, real: Math.min(5, 1 + Math.floor((second - 900) / 40)) };
    records.push(sampleRecord(records.length + 1, second, requests, users));
  }
  const stop = { loadStartedAtMs: 900_300, stopIssuedAtMs: (900 + LENGTH - 2) * 1000 + 400 };
  records.push(jsonRecord(records.length + 1, RECORD.final, stop));
  return records.map((record) => ({ ...record, runId }));
};

const compact = async ({ metrics }: Stores): Promise<void> => {
  const compactor = createCompactor({
    metrics,
    clock: { now: () => (1500 + 60) * 1000, monotonic: () => 0, wall: () => (1500 + 60) * 1000 },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    retention: { secondsDays: 14, tenSecondsDays: 90 },
    keptRunIds: async () => [],
  });
  await compactor.runOnce();
  await compactor.stop();
};

export type Filled = { readonly loadTest: LoadTest; readonly runIds: readonly string[] };

/** Load tests, scripts, runs with compacted and uncompacted samples, events, a lease with a fence that has risen, a key. */
export const fill = async (stores: Stores, runs = 3): Promise<Filled> => {
  const { loadTests, revisions, events, leases, keys, metrics } = stores;
  const loadTest = loadTestOf({
    name: "Checkout Ä",
    metadata: { "a.b": "$1" },
    lastRunNumber: runs,
    tags: ["nightly"],
  });
  await loadTests.create(loadTest);
  for (const revisionNumber of [1, 2]) {
    await revisions.create(
      revisionOf({ loadTestId: loadTest.id, revisionNumber }),
      new Map([
        [`sha${revisionNumber}`, new Uint8Array(1000).fill(revisionNumber)],
        ["empty", new Uint8Array()],
      ]),
    );
  }
  const runIds: string[] = [];
  for (let number = 1; number <= runs; number += 1) {
    const run = runOf({
      loadTestId: loadTest.id,
      name: `Checkout #${number}`,
      status: "Finished",
      hostId: "here:1",
      fence: number,
      startedAt: 900_300,
      finishedAt: 1_600_000,
      settledAt: 1_601_000,
      targetUsers: 5,
      createdAt: 1000 + number,
    });
    runIds.push(run.id);
    await stores.runs.create(run);
    await stores.runs.setLive(run.id, snapshotOf({ timestamp: number }));
    const late = ({ type, seq }: MetricRecord) => type === RECORD.sample && seq === 20;
    const records = rowsOf(run.id);
    await metrics.append(records.filter((record) => !late(record)));
    await compact(stores);
    await metrics.append(records);
  }
  for (let number = 1; number <= 3; number += 1) {
    for (const runId of runIds) {
      const message = `the ${number}.`;
      await events.append(runId, [
        { id: `${runId}:${number}`, at: 10 - number, type: "gap", message },
      ]);
    }
  }
  let fence: number | undefined;
  for (const holder of ["a", "b", "c"]) {
    fence = (await leases.claim({ clusterId: "local", slot: 0, holder, runId: "r" }, fence))?.fence;
  }
  await keys.take({ id: "key", fingerprint: "f", owner: "s", createdAt: 5 }, undefined);
  await putMissingSamples(stores);
  return { loadTest, runIds };
};

/** What everything that gives numbers answers. */
export const answersOf = async ({ metrics, runs }: Stores, runId: string): Promise<unknown> => {
  const aggregates = createRunAggregateCache(metrics);
  const queries = createQueries({
    metrics,
    aggregates,
    runs,
    clock: { now: () => NOW, monotonic: () => 0, wall: () => NOW },
  });
  const run = { ...testRun(), ...(await runs.get(runId)) };
  const answers: unknown[] = [];
  for (const window of [{}, { phase: "steady" }, { from: "1000000", to: "1333000" }]) {
    answers.push(
      await queries.summary(run, WindowQuery.parse(window)),
      await queries.requests(run, RequestsQuery.parse(window)),
      await queries.timeseries(run, TimeseriesQuery.parse({ ...window, points: "50" })),
      await queries.timeseries(run, TimeseriesQuery.parse({ ...window, endpoint: "GET /0" })),
      await queries.aggregate(run, AggregateQuery.parse({ ...window, points: "20" })),
    );
  }
  return answers;
};
