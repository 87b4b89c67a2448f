import {
  AggregateAnswer,
  AggregateQuery,
  GraphAnswer,
  GraphQuery,
  RequestsAnswer,
  RequestsQuery,
  SummaryAnswer,
  TimeseriesAnswer,
  TimeseriesQuery,
  WindowQuery,
} from "@load-manager/contract/api/metrics.ts";
import { KneeAnswer, KneeQuery } from "@load-manager/contract/api/knee.ts";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { RECORD } from "../codec/batch.ts";
import { jsonRecord, sampleRecord } from "../testing/fixtures.ts";
import { FINAL, LOAD, queriesOver, run, usualRecords } from "../testing/query-fixtures.ts";

const window = (query: Record<string, string> = {}) => WindowQuery.parse(query);
const series = (query: Record<string, string | string[]> = {}) => TimeseriesQuery.parse(query);

describe("the stats of a window", () => {
  test("count everything; the rate counts only what completed in the load time", async () => {
    const summary = await (await queriesOver(usualRecords())).summary(run, window());
    expect(() => z.encode(SummaryAnswer, summary)).not.toThrow();
    expect(summary).toMatchObject({
      totalRequests: 31,
      totalFailures: 10,
      durationMs: 9000,
      maxUsers: 5,
      complete: false,
      gaps: [],
      workers: { expected: 1, lost: null },
      percentileError: { relative: 0.016, absoluteMs: 0 },
    });
    expect(summary.requestsPerSec).toBeCloseTo(30 / 9);
    expect(summary.errorRate).toBeCloseTo((100 * 10) / 31);
    expect(summary.avgResponseMs).toBeCloseTo((21 * 10 + 10 * 30) / 31);
    expect(summary.p50ResponseMs).toBeCloseTo(10, 0);
    expect(summary.p99ResponseMs).toBeCloseTo(30, 0);
    expect(summary.lowCount).toEqual(["p99ResponseMs"]);
  });

  test("judge no users after the stop, also before the end of the load is known", async () => {
    const records = Array.from({ length: 60 }, (_, index) =>
      sampleRecord(index + 1, 1000 + index, [{ name: "/a", ok: [10] }], {
        target: 5,
        real: index < 30 ? 5 : 0,
      }),
    );
    const stopping = { ...run, status: "Stopping" as const, spawnRate: 5, stopSentAt: 1_030_000 };
    const queries = await queriesOver(records);
    const stopped = await queries.summary(stopping, window());
    expect([stopped.trust.load.state, stopped.findings]).toEqual(["fine", []]);
    // Without a stop it is a fault.
    const { stopSentAt: _, ...left } = stopping;
    const unstopped = await queries.summary(left, window());
    expect(unstopped.findings).toMatchObject([{ code: "users_below_target" }]);
  });

  test("have their trust and findings of the whole run beside them, whatever the window", async () => {
    const holes = usualRecords().filter(({ second }) => second !== 1004 && second !== 1005);
    const ended = { ...run, status: "Finished" as const, spawnRate: 1 };
    const queries = await queriesOver(holes);
    const { trust, findings } = await queries.summary(ended, window());
    expect(trust).toEqual({
      load: { state: "fine", users: 5, targetUsers: 5, reachedAt: 1_009_500 },
      generators: {
        state: "unknown",
        process: null,
        cpuPercent: null,
        workers: { expected: 1, lost: null },
      },
      data: { state: "flawed", gaps: 1, gapSeconds: 2, lastSecondAt: 1_010_000 },
      clocks: { state: "unknown", process: null, offsetMs: null },
      percentiles: { state: "fine", error: { relative: 0.016, absoluteMs: 0 } },
    });
    expect(findings).toEqual([
      { code: "gap", since: 1_004_000, until: 1_006_000, data: { seconds: 2 } },
    ]);
    const early = await queries.summary(ended, window({ to: "1002000" }));
    expect([early.trust, early.findings]).toEqual([trust, findings]);
    const none = await (await queriesOver([])).summary(ended, window());
    expect(none.trust).toMatchObject({
      load: { state: "unknown" },
      data: { state: "unknown", lastSecondAt: null },
      percentiles: { state: "unknown" },
    });
  });

  test("can cover a time range, successful or failed responses, or steady load, with more percentiles", async () => {
    const queries = await queriesOver(usualRecords());
    const middle = await queries.summary(run, window({ from: "1002000", to: "1004000" }));
    expect([middle.totalRequests, middle.requestsPerSec]).toEqual([6, 3]);
    const ok = await queries.summary(run, window({ responses: "ok" }));
    expect([ok.totalRequests, ok.totalFailures, ok.maxResponseMs]).toEqual([
      21,
      0,
      expect.closeTo(10, 0),
    ]);
    const failed = await queries.summary(run, window({ responses: "failed" }));
    expect([failed.totalRequests, failed.p50ResponseMs]).toEqual([10, expect.closeTo(30, 0)]);
    const steady = await queries.summary(run, window({ phase: "steady" }));
    expect([steady.totalRequests, steady.requestsPerSec]).toEqual([18, 3]);
    const more = await queries.summary(run, window({ percentiles: "10,99.9" }));
    expect(more.percentiles).toEqual({
      "10": expect.closeTo(10, 0),
      "99.9": expect.closeTo(30, 0),
    });
    expect(more.lowCount).toEqual(["p99ResponseMs", "p99.9ResponseMs"]);
  });

  test("without samples are zero in counts and null elsewhere", async () => {
    const queries = await queriesOver([]);
    const summary = await queries.summary(run, window());
    expect(summary).toMatchObject({
      totalRequests: 0,
      requestsPerSec: null,
      p50ResponseMs: null,
      errorRate: null,
    });
    const chart = await queries.timeseries(run, series());
    expect(chart.dataPoints).toEqual([]);
    expect((await queries.requests(run, RequestsQuery.parse({}))).items).toEqual([]);
    expect((await queries.aggregate(run, AggregateQuery.parse({}))).summary.maxRps).toBeNull();
  });

  test("requests without a time count as requests, and in no average, minimum or percentile", async () => {
    const rows = [
      jsonRecord(1, RECORD.open, LOAD),
      sampleRecord(2, 1001, [{ name: "/a", ok: [10, null, null] }]),
    ];
    const summary = await (await queriesOver(rows)).summary(run, window());
    expect(summary).toMatchObject({
      totalRequests: 3,
      timedRequests: 1,
      minResponseMs: 10,
      avgResponseMs: 10,
    });
  });

  test("say what is missing: seconds, the final record, a worker's last report", async () => {
    const holes = usualRecords().filter(({ second }) => second !== 1004 && second !== 1005);
    const gappy = await (await queriesOver(holes)).summary(run, window());
    expect([gappy.complete, gappy.gaps]).toEqual([false, [{ from: 1_004_000, to: 1_006_000 }]]);
    const lost = [
      ...usualRecords().slice(0, -1),
      jsonRecord(13, RECORD.final, { ...FINAL, workersReported: 0, workersLost: 1 }),
    ];
    const less = await (await queriesOver(lost)).summary(run, window());
    expect([less.complete, less.workers]).toEqual([false, { expected: 1, lost: 1 }]);
    const open = await (await queriesOver(usualRecords().slice(0, -1))).summary(run, window());
    expect(open.complete).toBe(false);
  });
});

describe("charts", () => {
  test("have a point a second; partial first and last seconds have no rate; missing seconds are null", async () => {
    const rows = usualRecords().filter(({ second }) => second !== 1004);
    const chart = await (await queriesOver(rows)).timeseries(run, series());
    expect(() => z.encode(TimeseriesAnswer, chart)).not.toThrow();
    expect(chart.stepMs).toBe(1000);
    const points = new Map(chart.dataPoints?.map((point) => [point.timestamp / 1000, point]));
    expect(points.get(1000)).toMatchObject({ totalRps: null, currentUsers: 1 });
    expect(points.get(1003)).toMatchObject({ totalRps: 3, errorsPerSec: 1, currentUsers: 4 });
    expect(points.get(1004)).toMatchObject({
      totalRps: null,
      currentUsers: null,
      p50ResponseMs: null,
    });
    expect(points.get(1009)).toMatchObject({ totalRps: null });
    expect(points.get(1010)).toMatchObject({ totalRps: null, currentUsers: 0 });
  });

  test("wider steps give at most the requested points, each with its last number of users", async () => {
    const chart = await (
      await queriesOver(usualRecords())
    ).timeseries(run, series({ points: "4" }));
    expect(chart.stepMs).toBe(5000);
    expect(chart.dataPoints?.map(({ totalRps, currentUsers }) => [totalRps, currentUsers])).toEqual(
      [
        [3, 5],
        [3, 5],
        [null, 0],
      ],
    );
  });

  test("can cover one endpoint, the sum of several, each as a series, or use columns", async () => {
    const queries = await queriesOver(usualRecords());
    const one = await queries.timeseries(run, series({ endpoint: "POST /b" }));
    expect([one.summary?.totalRequests, one.dataPoints?.[3]?.totalRps]).toEqual([10, 1]);
    const both = await queries.timeseries(run, series({ endpoint: ["POST /b", "GET /a"] }));
    expect(both.summary?.totalRequests).toBe(31);
    const each = await queries.timeseries(run, series({ groupBy: "endpoint", format: "columns" }));
    expect(() => z.encode(TimeseriesAnswer, each)).not.toThrow();
    expect(each.series?.map(({ endpoint, totalRps }) => [endpoint, totalRps?.[3]])).toEqual([
      ["GET /a", 2],
      ["POST /b", 1],
    ]);
    const none = await queries.timeseries(run, series({ endpoint: "GET /none" }));
    expect(none.summary?.totalRequests).toBe(0);
    const columns = await queries.timeseries(run, series({ format: "columns" }));
    expect([columns.dataPoints, columns.t?.[3], columns.totalRps?.[3]]).toEqual([
      undefined,
      1_003_000,
      3,
    ]);
  });

  test("the graph and the aggregate have the same values", async () => {
    const queries = await queriesOver(usualRecords());
    const graph = await queries.graph(run, GraphQuery.parse({}));
    expect(() => z.encode(GraphAnswer, graph)).not.toThrow();
    expect(graph.dataPoints[3]).toMatchObject({ users: 4, requestsPerSec: 3, errorsPerSec: 1 });
    const all = await queries.aggregate(run, AggregateQuery.parse({}));
    expect(() => z.encode(AggregateAnswer, all)).not.toThrow();
    expect(all.summary).toMatchObject({
      maxRps: 3,
      minRps: 3,
      totalRequests: 31,
      durationMs: 9000,
      dataPoints: 11,
    });
    expect(all.endpointStats.map(({ name }) => name)).toEqual(["/a", "/b"]);
  });
});

describe("the knee", () => {
  /** Two users more each point; from 20 users on no more requests. */
  const saturating = () => [
    jsonRecord(1, RECORD.open, { ...LOAD, loadStartedAtMs: 1_000_000 }),
    ...Array.from({ length: 200 }, (_, index) => {
      const real = 2 * Math.floor(index / 10) + 2;
      const ok = Array.from({ length: Math.min(real, 20) }, () => 10 + real);
      const requests = [
        { name: "/a", ok },
        { name: "/b", ok: [500] },
      ];
      return sampleRecord(2 + index, 1000 + index, requests, { target: 40, real });
    }),
  ];

  test("comes with its points, requests of all endpoints and response times of those asked for", async () => {
    const queries = await queriesOver(saturating());
    const answer = await queries.knee(run, KneeQuery.parse({ endpoint: "GET /a" }));
    expect(() => z.encode(KneeAnswer, answer)).not.toThrow();
    expect([answer.stepMs, answer.points.length, answer.noKneeUpToUsers]).toEqual([
      10_000,
      20,
      null,
    ]);
    expect(answer.points[4]).toEqual({
      timestamp: 1_040_000,
      users: 9,
      requestsPerSec: 11,
      p95ResponseMs: expect.closeTo(20, 0) as number,
    });
    expect(answer.knee?.users).toBeGreaterThan(17);
    expect(answer.knee?.users).toBeLessThan(21);
    expect(answer.knee?.requestsPerSec).toBeCloseTo(21, 0);
  });

  test("has no point with the users that leave after the load's end", async () => {
    const records = Array.from({ length: 40 }, (_, index) =>
      sampleRecord(1 + index, 1000 + index, [{ name: "/a", ok: [10, 10] }], {
        target: 40,
        real: index < 35 ? 40 : 0,
      }),
    );
    const queries = await queriesOver(records);
    const over = { ...run, loadStartedAt: 1_000_000, loadEndedAt: 1_035_000 };
    const { points } = await queries.knee(over, KneeQuery.parse({}));
    expect(points.map(({ users }) => users)).toEqual([20, 40, 40, 40]);
    const part = await queries.knee(over, KneeQuery.parse({ from: "1020000", to: "1034000" }));
    expect(part.points).toMatchObject([{ timestamp: 1_030_000 }]);
  });

  test("is none, up to how many users, where requests still rise, and unknown of a short run", async () => {
    const queries = await queriesOver(saturating());
    const early = await queries.knee(run, KneeQuery.parse({ to: "1100000" }));
    expect([early.knee, early.noKneeUpToUsers]).toEqual([null, 19]);
    const short = await (await queriesOver(usualRecords())).knee(run, KneeQuery.parse({}));
    expect([short.knee, short.noKneeUpToUsers]).toEqual([null, null]);
  });
});

describe("the table of endpoints", () => {
  test("has the stats of each endpoint", async () => {
    const table = await (await queriesOver(usualRecords())).requests(run, RequestsQuery.parse({}));
    expect(() => z.encode(RequestsAnswer, table)).not.toThrow();
    expect(table.items).toMatchObject([
      {
        method: "GET",
        name: "/a",
        totalRequests: 21,
        totalFailures: 0,
        lastSeenAt: 1_010_000,
        avgContentBytes: 100,
      },
      {
        method: "POST",
        name: "/b",
        totalRequests: 10,
        totalFailures: 10,
        errorRate: 100,
        minResponseMs: 30,
      },
    ]);
    expect(table.items[0]?.requestsPerSec).toBeCloseTo(20 / 9);
    expect(table.items[1]?.requestsPerSec).toBeCloseTo(10 / 9);
  });

  test("as CSV quotes what needs it, and contains no formula", async () => {
    const rows = [
      jsonRecord(1, RECORD.open, LOAD),
      sampleRecord(2, 1001, [{ name: '=cmd("x"),1', ok: [10] }]),
    ];
    const csv = await (await queriesOver(rows)).requestsCsv(run, RequestsQuery.parse({}));
    const [head, line, ...more] = csv.split("\r\n");
    const totals = more.at(-2)?.split(",") ?? [];
    const column = (title: string) => Number(totals[(head ?? "").split(",").indexOf(title)]);
    expect(totals.slice(0, 2)).toEqual(["", "Aggregated"]);
    const all = await (await queriesOver(rows)).summary(run, WindowQuery.parse({}));
    expect([column("Request Count"), column("Failure Count")]).toEqual([
      all.totalRequests,
      all.totalFailures,
    ]);
    expect(column("Requests/s")).toBeCloseTo(all.requestsPerSec ?? 0, 9);
    expect(column("95%")).toBe(all.p95ResponseMs);
    expect(head?.startsWith("Type,Name,Request Count,Failure Count,Median Response Time")).toBe(
      true,
    );
    expect(line?.startsWith(`GET,"'=cmd(""x""),1",1,0,10,10,10,10,100`)).toBe(true);
  });
});
