import { TimeseriesQuery, WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { describe, expect, test } from "vitest";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { createQueries } from "../query/queries.ts";
import { testRun } from "../testing/fixtures.ts";
import { createSnapshotIngest } from "./snapshot-ingest.ts";

const START = 1000;
const run = testRun({ startedAt: START * 1000 });

/** A page of Locust: totals as they were at the workers' last report, every three seconds. */
const pageAt = (second: number, requestsAt: (second: number) => number) => {
  const reported = START + Math.floor((second - START) / 3) * 3;
  const numRequests = requestsAt(reported);
  return {
    totalRequests: numRequests,
    totalFailures: 0,
    currentUsers: 5,
    requestStats: {
      "GET /a": { method: "GET", name: "/a", numRequests, numFailures: 0, avgResponseTime: 10 },
    },
  };
};

const setUp = () => {
  const stores = createMemoryStores();
  const aggregates = createRunAggregateCache(stores.metrics);
  const store = createSnapshotIngest({ ...stores, aggregates });
  let now = 0;
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  const queries = createQueries({ ...stores, aggregates, clock });
  return {
    aggregates,
    /** Polls the page every two seconds, from one second to another. */
    poll: async (
      from: number,
      to: number,
      requestsAt: (second: number) => number,
      as: LoadTestRun = run,
    ) => {
      for (let second = from; second <= to; second += 2) {
        now = (second + 1) * 1000;
        await store(as, pageAt(second, requestsAt), { source: "polled", at: second * 1000 });
      }
    },
    store,
    rates: async (of = run) =>
      (await queries.timeseries(of, TimeseriesQuery.parse({ fields: "totalRps,currentUsers" })))
        .dataPoints ?? [],
    summary: (of = run) => queries.summary(of, WindowQuery.parse({})),
  };
};

describe("Locust's page, which changes every three seconds and is polled every two", () => {
  test("a steady load is charted as steady, while it runs and afterwards, and has Locust's own rate", async () => {
    const page = setUp();
    const requestsAt = (second: number): number => Math.min(second - START, 30) * 10;
    await page.poll(START + 1, START + 29, requestsAt);
    const live = await page.rates();
    // The stop: the workers' last reports come at once.
    const stopping = testRun({ ...run, status: "Stopping", stoppingAt: (START + 30) * 1000 });
    await page.poll(START + 31, START + 35, () => requestsAt(START + 30), stopping);
    const ended = testRun({
      ...stopping,
      status: "Finished",
      loadEndedAt: (START + 30) * 1000,
      finishedAt: (START + 36) * 1000,
    });
    const after = await page.rates(ended);
    expect([live.length, after.length]).toEqual([24, 36]);
    const load = after.slice(0, 30);
    for (const points of [live.slice(6), load.slice(6, -6)]) {
      for (const { timestamp, totalRps, currentUsers } of points) {
        expect([timestamp, Math.abs((totalRps ?? 0) - 10) <= 1]).toEqual([timestamp, true]);
        expect(currentUsers).toBe(5);
      }
    }
    // The page is up to three seconds behind, so that the first seconds have fewer requests, and the last ones the rest.
    for (const { totalRps } of [...load.slice(0, 6), ...load.slice(-6)])
      expect(Math.abs((totalRps ?? 0) - 10)).toBeLessThanOrEqual(3);
    const { totalRequests, requestsPerSec } = await page.summary(ended);
    expect([totalRequests, requestsPerSec]).toEqual([300, 10]);
  });

  test("seconds after the last change are open while the run runs, for six seconds", async () => {
    const page = setUp();
    // The target stops answering at second 20.
    const requestsAt = (second: number): number => Math.min(second - START, 20) * 10;
    await page.poll(START + 1, START + 25, requestsAt);
    const open = await page.rates();
    expect(open.every(({ totalRps }) => (totalRps ?? 0) > 0)).toBe(true);
    await page.poll(START + 27, START + 35, requestsAt);
    const closed = await page.rates();
    expect(closed.slice(-8).map(({ totalRps }) => totalRps)).toEqual(Array(8).fill(0));
    // It answers again: nothing is spread over the standstill.
    await page.poll(START + 37, START + 45, (second) => 200 + (second - START - 33) * 10);
    const later = await page.rates();
    const at = (second: number) =>
      later.find(({ timestamp }) => timestamp === (START + second) * 1000)?.totalRps;
    expect([at(28), at(30)]).toEqual([0, 0]);
  });

  test("what was counted over more than an hour without a look has no time: it is in the totals, and in no chart", async () => {
    const page = setUp();
    await page.poll(START + 1, START + 11, (second) => (second - START) * 10);
    await page.poll(START + 9001, START + 9011, (second) => (second - START) * 10);
    const ended = testRun({ ...run, status: "Finished", finishedAt: (START + 9012) * 1000 });
    const { totalRequests, totalFailures } = await page.summary(ended);
    expect([totalRequests, totalFailures]).toEqual([(9010 - 1) * 10, 0]);
    const aggregate = await page.aggregates.get("run");
    const [untimed] = [...aggregate.untimed.endpoints.values()];
    expect(untimed?.requests).toBeGreaterThan(89_000);
    const points = await page.rates(ended);
    expect(Math.max(...points.map(({ totalRps }) => totalRps ?? 0))).toBeLessThan(16);
  });
});
