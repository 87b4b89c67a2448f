import { RequestsQuery, TimeseriesQuery, WindowQuery } from "@load-manager/contract/api/metrics.ts";
import { FailuresQuery } from "@load-manager/contract/api/metrics-detail.ts";
import { OverTimeQuery } from "@load-manager/contract/api/metrics-over-time.ts";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";
import { createMemoryStores } from "../stores/memory/stores.ts";
import { openMongoStores } from "../stores/mongo/stores.ts";
import type { OpenedStores } from "../stores/ports.ts";
import { openSqliteStores } from "../stores/sqlite/stores.ts";
import { onMongo } from "../stores/testing/test-database.ts";
import { endpointId } from "./codec/sample.ts";
import { createCompactor } from "./rollups/compactor.ts";
import { createRunMetrics } from "./run-metrics.ts";
import { batchOf, sampleRecord, testRun, withProblems } from "./testing/fixtures.ts";

const DAY_MS = 86_400_000;
/** 4 s after the start of a rollup's window; 5 s before that of a cell of 10 s. */
const START = 1_700_000_104;
const retention = { secondsDays: 14, tenSecondsDays: 90 };
const run = testRun({
  status: "Finished",
  loadStartedAt: START * 1000,
  loadEndedAt: (START + 600) * 1000,
});

const setUp = (stores: OpenedStores) => {
  let now = (START + 700) * 1000;
  const errors: string[] = [];
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  const runs = { ...stores.runs, get: async () => run };
  const metrics = createRunMetrics({ ...stores, runs, shared: false, clock, retention });
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock,
    log: {
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: (about: object) => errors.push(JSON.stringify(about)),
    },
    retention,
    keptRunIds: async () => [],
  });
  const levels = async (): Promise<number[]> => {
    const range = { series: "endpoints", fromStart: 0, toStart: 2_000_000_000 } as const;
    const rollups = [1, 10, 60].map((level) => ({ level, ...range }));
    const reading = await stores.metrics.readRollups("run", { rollups });
    return [...new Set(reading.rollups.map(({ level }) => level))];
  };
  const { queries } = metrics;
  return {
    stores,
    metrics,
    compactor,
    errors,
    levels,
    /** Lets days pass, and what is due happen. */
    days: async (count: number): Promise<void> => {
      now = START * 1000 + count * DAY_MS;
      await compactor.runOnce();
      metrics.forget("run");
    },
    /** Figures of each kind of answer; those of charts added up. */
    figures: async () => {
      const total = (values: readonly (number | null | undefined)[] = []) =>
        values.reduce<number>((sum, value) => sum + (value ?? 0), 0);
      const chart = await queries.timeseries(run, TimeseriesQuery.parse({ points: 11_000 }));
      const failures = await queries.failuresOverTime(run, OverTimeQuery.parse({ points: 11_000 }));
      const requests = await queries.requests(run, RequestsQuery.parse({}));
      const { items } = await queries.failures(run, FailuresQuery.parse({}));
      const summary = await queries.summary(run, WindowQuery.parse({}));
      return {
        total: summary.totalRequests,
        ofEndpoints: total(requests.items.map(({ totalRequests }) => totalRequests)),
        charted: (chart.stepMs / 1000) * total(chart.dataPoints?.map(({ totalRps }) => totalRps)),
        failed: total(items.map(({ occurrences }) => occurrences)),
        failedOverTime: total(failures.series.map(({ occurrences }) => occurrences)),
        steps: [chart.stepMs / 1000, failures.stepMs / 1000],
        points: failures.t.length,
        gaps: summary.gaps.length,
        maxUsers: summary.maxUsers,
      };
    },
  };
};

/** Cumulative totals, posted every 10 s: 100 requests and 10 failures more each time. */
const postSnapshots = async (
  { metrics }: ReturnType<typeof setUp>,
  source: "json" | "polled",
): Promise<void> => {
  for (let at = 10; at <= 600; at += 10) {
    const snapshot = {
      totalRequests: at * 10,
      totalFailures: at,
      currentUsers: 5,
      requestStats: {
        "GET /a": { method: "GET", name: "/a", numRequests: at * 10, numFailures: at },
      },
      errors: [{ method: "GET", name: "/a", error: "refused", occurrences: at }],
    };
    await metrics.storeMetric(run, snapshot, { source, at: (START + at - 1) * 1000 });
  }
};

/** Users rise by one each 10 s up to 30, and fall to 1 in the same way. */
const usersAt = (at: number): number => 30 - Math.abs(29 - Math.floor(at / 10));

const expirySuite = (open: () => Promise<OpenedStores>): void => {
  test.each(["json", "polled"] as const)(
    "snapshots (%s) expire with the level of their cells, and the figures stay; no step is finer than what is left",
    async (source) => {
      const stores = await open();
      const world = setUp(stores);
      await postSnapshots(world, source);
      const same = {
        total: 6000,
        ofEndpoints: 6000,
        failed: 600,
        failedOverTime: 600,
        gaps: 0,
        maxUsers: 5,
      };
      expect(await world.figures()).toMatchObject({ ...same, charted: 6000, steps: [1, 1] });
      await world.days(1);
      expect(await world.levels()).toEqual([1, 10, 60]);
      expect(await world.figures()).toMatchObject({ ...same, charted: 6000, steps: [1, 1] });
      await world.days(15);
      expect(await world.levels()).toEqual([10, 60]);
      expect(await world.figures()).toMatchObject({ ...same, steps: [10, 10], points: 61 });
      await world.days(91);
      expect(await world.levels()).toEqual([60]);
      expect(await world.figures()).toMatchObject({ ...same, steps: [60, 60], points: 11 });
      await stores.metrics.deleteRun("run");
      await world.compactor.stop();
      await stores.close();
    },
  );

  test("the most users of a window are those of its seconds: recorded, rolled up, late, and as long as a level of cells is left", async () => {
    const stores = await open();
    const world = setUp(stores);
    const requests = [{ name: "/a", ok: [10] }];
    const recordAt = (seq: number, at: number, real = usersAt(at)) =>
      sampleRecord(seq, START + at, requests, { target: 30, real });
    const most = async (from: number, to: number): Promise<number> => {
      const query = { from: String((START + from) * 1000), to: String((START + to) * 1000) };
      world.metrics.forget("run");
      return (await world.metrics.queries.summary(run, WindowQuery.parse(query))).maxUsers;
    };
    const seconds = Array.from({ length: 580 }, (_, at) => at);
    await world.metrics.ingestBatch(batchOf(seconds.map((at) => recordAt(at + 1, at))));
    // Windows on the borders of cells of a minute, across the top, and of single seconds.
    const all = async () =>
      Promise.all([most(0, 580), most(56, 116), most(236, 536), most(436, 440), most(579, 900)]);
    const expected = [30, 12, 30, 16, 2];
    expect(await all()).toEqual(expected);
    await world.days(1);
    expect(await world.levels()).toEqual([1, 10, 60]);
    expect(await all()).toEqual(expected);
    await world.metrics.ingestBatch(batchOf([recordAt(581, 60, 20)]));
    expect([await most(56, 116), await most(61, 116)]).toEqual([20, 12]);
    await world.days(2);
    expect([await most(56, 116), await most(61, 116)]).toEqual([20, 12]);
    await world.days(15);
    expect(await world.levels()).toEqual([10, 60]);
    expect([await most(56, 116), await most(236, 536)]).toEqual([20, 30]);
    await world.days(91);
    expect(await world.levels()).toEqual([60]);
    expect([await most(56, 116), await most(236, 536), await most(116, 236)]).toEqual([20, 30, 24]);
    await stores.metrics.deleteRun("run");
    await world.compactor.stop();
    await stores.close();
  });
};

describe("memory", () => {
  expirySuite(async () => createMemoryStores());
});
const root = temporaryFolder();
let folders = 0;
describe("sqlite", () => {
  expirySuite(() => openSqliteStores({ dataDir: join(root, String((folders += 1))) }));
});
onMongo((database) => {
  describe("mongodb", { timeout: 120_000 }, () => {
    expirySuite(() => openMongoStores(database));
  });
});

describe("a late sample of a window that has been rolled up", () => {
  const late = (seq: number, second: number) => [
    sampleRecord(seq, second, [{ name: "/a", ok: [10] }]),
    withProblems(seq + 1, second, {
      errors: [{ id: endpointId("GET", "/a"), error: "refused", count: 1 }],
    }),
  ];

  test("counts once, in its second: before it is rolled up too and afterwards, with or without one-second cells", async () => {
    const world = setUp(createMemoryStores());
    // Every second but those from 100 to 199.
    const seconds = Array.from({ length: 600 }, (_, at) => at).filter(
      (at) => at < 100 || at >= 200,
    );
    const records = seconds.map((at, index) =>
      sampleRecord(index + 1, START + at, [{ name: "/a", ok: [10] }]),
    );
    await world.metrics.ingestBatch(batchOf(records));
    await world.days(1);
    expect(await world.figures()).toMatchObject({ total: 500, gaps: 1, failed: 0 });
    await world.metrics.ingestBatch(batchOf(late(501, START + 150)));
    const after = { total: 502, ofEndpoints: 502, failed: 1, failedOverTime: 1, gaps: 2 };
    expect(await world.figures()).toMatchObject({ ...after, charted: 502 });
    await world.days(2);
    expect(await world.figures()).toMatchObject({ ...after, charted: 502 });

    await world.days(15);
    expect(await world.levels()).toEqual([10, 60]);
    // As a store may have it that was away meanwhile: new samples of that time are refused.
    await world.stores.metrics.append(late(503, START + 152));
    const more = { total: 504, ofEndpoints: 504, failed: 2, failedOverTime: 2, gaps: 3 };
    world.metrics.forget("run");
    expect(await world.figures()).toMatchObject(more);
    await world.days(16);
    expect(await world.figures()).toMatchObject({ ...more, steps: [10, 10], maxUsers: 5 });
    await world.days(91);
    await world.stores.metrics.append(late(505, START + 154));
    await world.days(92);
    expect(await world.levels()).toEqual([60]);
    expect(await world.figures()).toMatchObject({ total: 506, ofEndpoints: 506, gaps: 4 });
    expect(world.errors).toEqual([]);
    expect(await world.stores.metrics.uncompacted(2_000_000_000)).toEqual([]);
    await world.compactor.stop();
  });
});
