import {
  AggregateQuery,
  GraphQuery,
  RequestsQuery,
  TimeseriesQuery,
  WindowQuery,
} from "@load-manager/contract/api/metrics.ts";
import {
  DistributionQuery,
  ExportQuery,
  FailuresQuery,
} from "@load-manager/contract/api/metrics-detail.ts";
import { OverTimeQuery } from "@load-manager/contract/api/metrics-over-time.ts";
import fc from "fast-check";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createMemoryStores } from "../stores/memory/stores.ts";
import type { MetricRecord } from "../stores/model/metric-store.ts";
import { recentRunOf } from "../runs/domain/recent-run.ts";
import { RECORD } from "./codec/batch.ts";
import { endpointId, textId } from "./codec/sample.ts";
import { snapshotRecords, untimedRecord } from "./codec/snapshot-record.ts";
import { createRunMetrics } from "./run-metrics.ts";
import { createCompactor } from "./rollups/compactor.ts";
import { batchOf, jsonRecord, sampleRecord, testRun, withProblems } from "./testing/fixtures.ts";

const HISTORIES = Number(process.env["LOAD_MANAGER_HISTORIES"] ?? 30);
const FOREVER = { secondsDays: 36_500, tenSecondsDays: 36_500 };
const log = pino({ level: "silent" });
const START = 900;
const NOW = 10_000;
const run = testRun({
  status: "Finished",
  startedAt: START * 1000,
  loadEndedAt: (START + 640) * 1000,
  finishedAt: (START + 700) * 1000,
});

/** One arrival of figures at a run, in one of the ways in which they come. */
const arrival = fc.record({
  second: fc.integer({ min: START, max: START + 650 }),
  requests: fc.integer({ min: 0, max: 40 }),
  failures: fc.integer({ min: 0, max: 5 }),
  endpoint: fc.integer({ min: 0, max: 3 }),
});
type Arrival = typeof arrival extends fc.Arbitrary<infer One> ? One : never;
const way = fc.constantFrom("plugin", "polled", "json", "migrated", "final only", "final totals");

const id = (endpoint: number): string => endpointId("GET", `/${endpoint}`);
const name = (endpoint: number) => ({ id: id(endpoint), method: "GET", name: `/${endpoint}` });
const ERROR = { id: textId("refused"), text: "refused" };

/** Users rise, stay as targeted for a while, and fall. */
const usersAt = (second: number) => ({
  target: 9,
  real: Math.min(9, 1 + Math.abs(((second - START) % 60) - 30)),
});

const deltaOf = ({ endpoint, requests, failures }: Arrival) => ({
  id: id(endpoint),
  requests: requests + failures,
  failures,
  noTime: 0,
  sumUs: (requests + failures) * 7000,
  minUs: 5000,
  maxUs: 9000,
  bytes: requests,
  ok: new Uint8Array(0),
  failed: new Uint8Array(0),
});

/** The plugin's samples: late ones, two of a second, failures by error. */
const pluginRecords = (arrivals: readonly Arrival[]): MetricRecord[] => [
  jsonRecord(1, RECORD.open, { loadStartedAtMs: START * 1000 + 300, workers: ["w"] }),
  ...arrivals.map(({ second, endpoint, requests, failures }, index) =>
    failures > 3
      ? withProblems(index + 2, second, {
          errors: [{ id: endpointId("GET", "/a"), error: "refused", count: 1 }],
          exceptions: [{ worker: "w", message: "boom", traceback: "line 1", count: failures }],
        })
      : sampleRecord(
          index + 2,
          second,
          [
            {
              name: `/${endpoint}`,
              ok: Array.from({ length: requests }, (_, at) => 1 + ((at * 37) % 500)),
              failed: Array.from({ length: failures }, () => 3),
            },
          ],
          usersAt(second),
        ),
  ),
  jsonRecord(arrivals.length + 2, RECORD.final, { workersExpected: 1, workersReported: 1 }),
];

/** Cumulative totals after each arrival, in the order of time; sometimes the counts start again. */
const snapshotsOf = (arrivals: readonly Arrival[]) => {
  const totals = new Map<number, { requests: number; failures: number }>();
  return arrivals
    .toSorted((a, b) => a.second - b.second)
    .map(({ second, endpoint, requests, failures }, index) => {
      if (index % 17 === 16) totals.clear();
      const known = totals.get(endpoint) ?? { requests: 0, failures: 0 };
      totals.set(endpoint, {
        requests: known.requests + requests + failures,
        failures: known.failures + failures,
      });
      const all = [...totals.values()];
      const requestStats = Object.fromEntries(
        [...totals].map(([at, of]) => [
          `GET /${at}`,
          {
            method: "GET",
            name: `/${at}`,
            numRequests: of.requests,
            numFailures: of.failures,
            avgResponseTime: 7,
          },
        ]),
      );
      const occurrences = totals.get(0)?.failures ?? 0;
      const snapshot = {
        totalRequests: all.reduce((sum, of) => sum + of.requests, 0),
        totalFailures: all.reduce((sum, of) => sum + of.failures, 0),
        currentUsers: usersAt(second).real,
        requestStats,
        errors: [{ method: "GET", name: "/0", error: "refused", occurrences }],
      };
      return { second, snapshot };
    });
};

/** Records of a database of the older schema: one for each snapshot, which covers the time since the one before. */
const migratedRecords = (arrivals: readonly Arrival[]): MetricRecord[] => {
  let seq = 0;
  let last = START - 1;
  const records: MetricRecord[] = [];
  for (const one of arrivals.toSorted((a, b) => a.second - b.second)) {
    const second = Math.max(one.second, last);
    const from = Math.min(second, last + 1);
    const contents = snapshotRecords({
      second,
      users: usersAt(second),
      deltas: [deltaOf(one)],
      errors:
        one.failures === 0 ? [] : [{ id: id(one.endpoint), text: ERROR.id, count: one.failures }],
      names: [name(one.endpoint)],
      texts: [ERROR],
      note: {
        source: "json",
        fromSecond: from,
        countsFrom: from,
        snapshot: { totalRequests: 0, totalFailures: 0, currentUsers: 5, requestStats: {} },
      },
    });
    for (const { type, second: at, body } of contents) {
      seq += 1;
      records.push({
        runId: "run",
        masterInstanceId: "aa".repeat(16),
        seq,
        type,
        second: at,
        body,
      });
    }
    last = second;
  }
  return records;
};

const untimedRecords = (arrivals: readonly Arrival[]): MetricRecord[] =>
  arrivals.map((one, index) => {
    const errors =
      one.failures === 0 ? [] : [{ id: id(one.endpoint), text: ERROR.id, count: one.failures }];
    const { type, second, body } = untimedRecord(
      { deltas: [deltaOf(one)], errors },
      { names: [name(one.endpoint)], texts: [ERROR] },
    );
    return { runId: "run", masterInstanceId: "ff".repeat(16), seq: index + 1, type, second, body };
  });

const setUp = () => {
  const stores = createMemoryStores();
  const clock = { now: () => NOW * 1000, monotonic: () => NOW * 1000, wall: () => NOW * 1000 };
  const metrics = createRunMetrics({
    ...stores,
    runs: { ...stores.runs, get: async () => run },
    shared: false,
    clock,
    retention: FOREVER,
  });
  const compactor = createCompactor({
    metrics: stores.metrics,
    clock,
    log,
    retention: FOREVER,
    keptRunIds: async () => [],
  });
  return { stores, metrics, compactor };
};
type World = ReturnType<typeof setUp>;

const arrive = async ({ stores, metrics }: World, how: string, arrivals: readonly Arrival[]) => {
  if (how === "plugin") await metrics.ingestBatch(batchOf(pluginRecords(arrivals)));
  else if (how === "migrated") await stores.metrics.append(migratedRecords(arrivals));
  else if (how === "final only") await stores.metrics.append(untimedRecords(arrivals));
  else if (how === "final totals") {
    const last = snapshotsOf(arrivals).at(-1);
    const at = (START + 690) * 1000;
    if (last !== undefined)
      await metrics.storeMetric(run, last.snapshot, { source: "json", at, final: true });
  } else {
    const source = how === "polled" ? ("polled" as const) : ("json" as const);
    for (const { second, snapshot } of snapshotsOf(arrivals))
      await metrics.storeMetric(run, snapshot, { source, at: second * 1000 });
  }
  metrics.forget("run");
};

const exported = async ({ metrics }: World, step: "1s" | "10s") => {
  let text = "";
  const query = ExportQuery.parse({ format: "ndjson", step });
  for await (const part of metrics.queries.exportLines(run, query)) text += part;
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map(
      (line) =>
        JSON.parse(line) as { timestamp: string | null; requests: number; failures: number },
    );
};

const sum = <T>(items: readonly T[], value: (item: T) => number | null): number =>
  items.reduce((total, item) => total + (value(item) ?? Number.NaN), 0);

/** Windows that are next to each other, whole together; some of their borders are also those of cells. */
const PARTS = [0, 7, 60, 61, 300, 425, 600, 1000].map((from, index, all) => ({
  fromSecond: START + from,
  toSecond: START + (all[index + 1] ?? 2000),
}));
const partQuery = ({ fromSecond, toSecond }: (typeof PARTS)[number]) =>
  WindowQuery.parse({ from: String(fromSecond * 1000), to: String(toSecond * 1000) });

/** A criterion for each metric and window. */
const CRITERIA = [
  "p95 < 300 ms",
  "avg(GET /1) < 9 ms over steady",
  "errorRate < 20 % in every 30 s",
  "p50 < 100 ms in every 90 s",
  "max(/*) < 400 ms over last 2 min",
  "failures <= 3 over 60 s .. 301 s",
  "rps >= 1 in every 10 s",
  "exceptions = 0 in every 20 s",
  "exceptions = 0 over steady",
  "users >= 9 in every 45 s",
].map((expression, index) => ({ id: `c${index}`, expression, severity: "fail" as const }));

/** Every answer about the run; the stored figures first. */
const answersOf = async (world: World) => {
  const { metrics } = world;
  const { queries } = metrics;
  const stored = await metrics.summary(run);
  const middle = { from: String((START + 300) * 1000), to: String((START + 421) * 1000) };
  return {
    stored,
    recentRun: recentRunOf(run, stored),
    graph: await queries.graph(run, GraphQuery.parse({})),
    summary: await queries.summary(run, WindowQuery.parse({})),
    snapshot: await metrics.snapshot(run),
    requests: await queries.requests(run, RequestsQuery.parse({})),
    aggregate: await queries.aggregate(run, AggregateQuery.parse({})),
    chart: await queries.timeseries(run, TimeseriesQuery.parse({ points: 11_000 })),
    wide: await queries.timeseries(run, TimeseriesQuery.parse({ points: 12, groupBy: "endpoint" })),
    window: await queries.summary(run, WindowQuery.parse(middle)),
    parts: await Promise.all(
      PARTS.map(async (part) => ({ ...part, ...(await queries.summary(run, partQuery(part))) })),
    ),
    steady: await queries.summary(run, WindowQuery.parse({ phase: "steady" })),
    failures: await queries.failures(run, FailuresQuery.parse({})),
    failuresInWindow: await queries.failures(run, FailuresQuery.parse(middle)),
    exceptions: await queries.exceptions(run, FailuresQuery.parse({})),
    failuresOverTime: await queries.failuresOverTime(run, OverTimeQuery.parse({ points: 40 })),
    users: await queries.users(run, OverTimeQuery.parse({})),
    processes: await queries.processes(run, OverTimeQuery.parse({})),
    heatmap: await queries.heatmap(run, DistributionQuery.parse({})),
    criteria: await queries.judgeCriteria(run, CRITERIA),
    export: await exported(world, "1s"),
    exportOfTens: await exported(world, "10s"),
  };
};

test("there is one answer, however figures have arrived, merged or not", async () => {
  const parts = fc.array(fc.tuple(way, fc.array(arrival, { minLength: 1, maxLength: 40 })), {
    minLength: 1,
    maxLength: 3,
  });
  const isOnce = (list: readonly (readonly [string, unknown])[]): boolean => {
    const ways = list.map(([how]) => how);
    const [polled, json] = [ways.indexOf("polled"), ways.indexOf("json")];
    return new Set(ways).size === ways.length && (polled < 0 || json < 0);
  };
  await fc.assert(
    fc.asyncProperty(parts.filter(isOnce), fc.boolean(), async (list, early) => {
      const world = setUp();
      for (const [how, arrivals] of list) {
        await arrive(world, how, arrivals);
        if (early) await world.compactor.runOnce();
        world.metrics.forget("run");
      }
      const before = await answersOf(world);
      const { totalRequests, totalFailures } = before.stored;
      for (const answer of [
        before.summary,
        { ...before.snapshot },
        before.aggregate.summary,
        { ...before.chart.summary },
        { ...before.wide.summary },
      ]) {
        expect([answer.totalRequests, answer.totalFailures]).toEqual([
          totalRequests,
          totalFailures,
        ]);
      }
      for (const rows of [before.requests.items, before.aggregate.endpointStats]) {
        expect(sum(rows, (row) => row.totalRequests)).toBe(totalRequests);
        expect(sum(rows, (row) => row.totalFailures)).toBe(totalFailures);
      }
      for (const lines of [before.export, before.exportOfTens]) {
        expect(sum(lines, ({ requests }) => requests)).toBe(totalRequests);
        expect(sum(lines, ({ failures }) => failures)).toBe(totalFailures);
      }
      const { recentRun, stored } = before;
      expect(recentRun).toMatchObject({
        totalRequests,
        errorRate: before.summary.errorRate,
        requestsPerSec: before.summary.requestsPerSec,
        p95ResponseMs: before.summary.p95ResponseMs,
      });
      // What no second is known of is told by every answer, and keeps the run from being complete.
      const timeless = sum(
        before.export.filter(({ timestamp }) => timestamp === null),
        ({ requests }) => requests,
      );
      for (const { untimedRequests = 0 } of [
        before.summary,
        before.requests,
        before.aggregate,
        before.chart,
        before.graph,
        before.window,
      ])
        expect(untimedRequests).toBe(timeless);
      if (timeless > 0) expect(stored.complete).toBe(false);
      expect(await world.metrics.requests("run")).toBe(totalRequests);
      expect(before.summary).toMatchObject({
        complete: before.stored.complete,
        gaps: before.stored.gaps,
        requestsPerSec: before.stored.requestsPerSec,
        p95ResponseMs: before.stored.p95ResponseMs,
      });
      expect(sum(before.failures.items, ({ occurrences }) => occurrences)).toBeLessThanOrEqual(
        totalFailures ?? Number.NaN,
      );
      // The users of a window are those of its seconds, as the chart has them.
      for (const { fromSecond, toSecond, maxUsers } of before.parts) {
        const seconds = before.chart.dataPoints?.filter(
          ({ timestamp }) => timestamp >= fromSecond * 1000 && timestamp < toSecond * 1000,
        );
        expect(maxUsers).toBe(Math.max(0, ...(seconds ?? []).map((at) => at.currentUsers ?? 0)));
      }
      expect(Math.max(...before.parts.map(({ maxUsers }) => maxUsers))).toBe(stored.maxUsers);
      const timed = before.failures.items.filter(({ firstSeenAt }) => firstSeenAt !== null);
      const untimed = before.export.filter(({ timestamp }) => timestamp === null);
      if (untimed.length === 0)
        expect(sum(before.failuresOverTime.series, ({ occurrences }) => occurrences)).toBe(
          sum(timed, ({ occurrences }) => occurrences),
        );
      await world.compactor.runOnce();
      world.metrics.forget("run");
      expect(await answersOf(world)).toEqual(before);
      await world.compactor.stop();
    }),
    { numRuns: HISTORIES },
  );
});
