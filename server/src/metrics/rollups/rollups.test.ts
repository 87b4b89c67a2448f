import {
  TimeseriesQuery,
  WindowQuery,
  RequestsQuery,
  AggregateQuery,
} from "@load-manager/contract/api/metrics.ts";
import fc from "fast-check";
import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import { jsonRecord, type Requests, sampleRecord, testRun } from "../testing/fixtures.ts";
import { finalsOf, sequenceGaps, isComplete } from "../live/run-aggregate.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { toSnapshot } from "../live/snapshot.ts";
import { createQueries } from "../query/queries.ts";
import { buildRollups } from "./build.ts";
import { ROLLUP_SECONDS, SERIES, decodeCells, encodeCells } from "../codec/rollup.ts";
import { createCompactor } from "./compactor.ts";

const log = pino({ level: "silent" });
const run = testRun();
const NOW = 5_000_000;

/** Seconds 900 to 900 + length: some seconds have no sample, some two, users rise and stay. */
const history = fc.record({
  length: fc.integer({ min: 1, max: 700 }),
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  endpoints: fc.integer({ min: 1, max: 4 }),
});
const rowsOf = ({
  length,
  seed,
  endpoints,
}: {
  readonly length: number;
  readonly seed: number;
  readonly endpoints: number;
}): MetricRecord[] => {
  let state = seed;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
  const times = () =>
    Array.from({ length: next(4) }, () => (next(20) === 0 ? null : 1 + next(3000)));
  const records: MetricRecord[] = [
    jsonRecord(1, RECORD.open, { loadStartedAtMs: 900_300, workers: ["w"] }),
  ];
  for (let second = 900; second < 900 + length; second += 1) {
    for (let copies = [0, 1, 1, 1, 1, 2][next(6)] ?? 1; copies > 0; copies -= 1) {
      const requests: Requests[] = Array.from({ length: endpoints }, (_, index) => ({
        name: `/${index}`,
        ok: times(),
        failed: next(3) === 0 ? times() : [],
      }));
      const users = { target: 5, real: Math.min(5, 1 + Math.floor((second - 900) / 40)) };
      records.push(sampleRecord(records.length + 1, second, requests, users));
    }
  }
  const end = 900 + length;
  const stop = { loadStartedAtMs: 900_300, stopIssuedAtMs: (end - 2) * 1000 + 400 };
  records.push(jsonRecord(records.length + 1, RECORD.final, stop));
  return records;
};

const queriesOver = (metrics: ReturnType<typeof createMemoryStores>["metrics"]) =>
  createQueries({
    metrics,
    aggregates: createRunAggregateCache(metrics),
    clock: { now: () => NOW, monotonic: () => 0, wall: () => NOW },
    runs: createMemoryStores().runs,
  });

/** Compacts the windows that began before a second, as a server does long after that second. */
const compactBefore = async (
  metrics: ReturnType<typeof createMemoryStores>["metrics"],
  second: number,
): Promise<void> => {
  const compactor = createCompactor({
    metrics,
    clock: {
      now: () => (second + 60) * 1000,
      monotonic: () => 0,
      wall: () => (second + 60) * 1000,
    },
    log,
    retention: { secondsDays: 14, tenSecondsDays: 90 },
    keptRunIds: async () => [],
  });
  await compactor.runOnce();
  await compactor.stop();
};

const answers = async (
  metrics: ReturnType<typeof createMemoryStores>["metrics"],
  window: object,
) => {
  const queries = queriesOver(metrics);
  const runAggregate = await createRunAggregateCache(metrics).get(run.id);
  return {
    // The current users are those of the newest records, which are not compacted while a run is active.
    snapshot: { ...toSnapshot(runAggregate, NOW), currentUsers: 0 },
    finals: [finalsOf(runAggregate), isComplete(runAggregate), sequenceGaps(runAggregate)],
    summary: await queries.summary(run, WindowQuery.parse(window)),
    requests: await queries.requests(run, RequestsQuery.parse(window)),
    chart: await queries.timeseries(run, TimeseriesQuery.parse({ ...window, points: "50" })),
    fine: await queries.timeseries(run, TimeseriesQuery.parse({ ...window, endpoint: "GET /0" })),
    each: await queries.timeseries(
      run,
      TimeseriesQuery.parse({ ...window, groupBy: "endpoint", points: "9" }),
    ),
    aggregate: await queries.aggregate(run, AggregateQuery.parse({ ...window, points: "20" })),
  };
};

describe("rollups", () => {
  test(
    "every answer is the same, whichever windows were compacted and however often",
    { timeout: 180_000 },
    async () => {
      const window = fc.oneof(
        fc.constant({}),
        fc.constant({ phase: "steady" }),
        fc.constant({ responses: "failed" }),
        fc
          .tuple(fc.integer({ min: 890, max: 1700 }), fc.integer({ min: 1, max: 400 }))
          .map(([from, length]) => ({
            from: String(from * 1000),
            to: String((from + length) * 1000),
          })),
      );
      await fc.assert(
        fc.asyncProperty(
          history,
          window,
          fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 2 }),
          fc.integer({ min: 0, max: 9 }),
          async (samples, asked, passes, late) => {
            const records = rowsOf(samples);
            const plain = createMemoryStores().metrics;
            await plain.append(records);
            const compacted = createMemoryStores().metrics;
            const isLate = ({ seq, type }: MetricRecord) =>
              type === RECORD.sample && seq % 10 === late;
            await compacted.append(records.filter((record) => !isLate(record)));
            for (const windows of passes)
              await compactBefore(compacted, 900 + windows * ROLLUP_SECONDS);
            await compacted.append(records);
            const wanted = await answers(plain, asked);
            expect(await answers(compacted, asked)).toEqual(wanted);
            await compactBefore(compacted, 900 + Math.max(...passes) * ROLLUP_SECONDS);
            expect(await answers(compacted, asked)).toEqual(wanted);
            // Rollups that are older than the widest cells have none.
            await compacted.expire(300, Number.MAX_SAFE_INTEGER, []);
            expect(await answers(compacted, asked)).toEqual(wanted);
          },
        ),
        { numRuns: 30 },
      );
    },
  );

  test("cells are read back as they were written", () => {
    const records = [sampleRecord(1, 900, [{ name: "/a", ok: [1, 2, 3], failed: [4] }])];
    for (const { level, start, body, series } of buildRollups("run", 900, records, [])) {
      if (level !== 1 || series === SERIES.run) continue;
      const cells = decodeCells(body, level, start);
      expect(cells).toHaveLength(1);
      expect(cells[0]).toMatchObject({ start: 900, requests: 4, failures: 1, maxUs: 4000 });
      expect(decodeCells(encodeCells(cells, 1, start), 1, start)).toEqual(cells);
    }
  });

  test("a sum that is too large for a record is written as the largest number, which means unknown", () => {
    const slow = { name: "/a", ok: Array<number>(6).fill(1e12) };
    const records = [sampleRecord(1, 900, [slow]), sampleRecord(2, 900, [slow])];
    const built = buildRollups("run", 900, records, []);
    const all = built.find(({ series, level }) => series === SERIES.all && level === 60);
    const cells = decodeCells(all?.body ?? new Uint8Array(), 60, 900);
    expect(cells).toMatchObject([{ requests: 12, sumUs: Number.MAX_SAFE_INTEGER }]);
  });

  test.each([1, 2, 3, 4])(
    "what is compacted after read %i of an answer counts once",
    async (compactedAfter) => {
      const { metrics } = createMemoryStores();
      const records = Array.from({ length: 600 }, (_, index) =>
        sampleRecord(index + 1, 903 + index, [{ name: "/a", ok: [10] }]),
      );
      await metrics.append(records);
      let reads = 0;
      const queries = queriesOver({
        ...metrics,
        readRollups: async (runId, query) => {
          const reading = await metrics.readRollups(runId, query);
          reads += 1;
          if (reads === compactedAfter) await compactBefore(metrics, 5000);
          return reading;
        },
      });
      const ended = { ...run, loadStartedAt: 903_500, loadEndedAt: 1_502_500 };
      const { items } = await queries.requests(ended, RequestsQuery.parse({}));
      expect(items.map(({ totalRequests }) => totalRequests)).toEqual([600]);
      expect(reads).toBeGreaterThanOrEqual(2);
    },
  );

  test("after the retention deleted the cells of 1 s, wider cells answer, in steps of at least their width", async () => {
    const { metrics } = createMemoryStores();
    // Neither begin nor end of the run is that of a cell.
    const records = Array.from({ length: 600 }, (_, index) =>
      sampleRecord(index + 1, 903 + index, [{ name: "/a", ok: [10] }]),
    );
    await metrics.append(records);
    await compactBefore(metrics, 5000);
    const ended = { ...run, loadStartedAt: 903_500, loadEndedAt: 1_502_500 };
    const queries = queriesOver(metrics);
    const chartOf = async (asked: object = {}) => {
      const chart = await queries.timeseries(
        ended,
        TimeseriesQuery.parse({ points: "1000", ...asked }),
      );
      const points = chart.dataPoints ?? [];
      const rates = points.flatMap(({ totalRps }) => totalRps ?? []);
      return { ...chart, rates: [...new Set(rates)], points: points.length };
    };
    for (const [level, step, points] of [
      [1, 10, 61],
      [10, 60, 11],
    ] as const) {
      await metrics.expire(level, 1200, []);
      const chart = await chartOf();
      expect(chart).toMatchObject({ stepMs: step * 1000, points, rates: [1] });
      expect(chart.summary?.totalRequests).toBe(600);
      const { items } = await queries.requests(ended, RequestsQuery.parse({}));
      expect(items.map(({ totalRequests }) => totalRequests)).toEqual([600]);
      // Adjacent windows add up, wherever their borders are.
      const [first, second] = [
        await chartOf({ to: "1007000" }),
        await chartOf({ from: "1007000" }),
      ];
      expect((first.summary?.totalRequests ?? 0) + (second.summary?.totalRequests ?? 0)).toBe(600);
    }
    const { summary } = await chartOf({ from: "1200000", to: "1300000" });
    expect(summary?.totalRequests).toBe(100);
  });
});
