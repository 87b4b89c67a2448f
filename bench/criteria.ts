import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { createRunAggregateCache } from "../server/src/metrics/live/run-aggregate-cache.ts";
import { createQueries } from "../server/src/metrics/query/queries.ts";
import { testRun } from "../server/src/metrics/testing/fixtures.ts";
import { createMemoryStores } from "../server/src/stores/memory/stores.ts";
import { openSqliteStores } from "../server/src/stores/sqlite/stores.ts";
import type { MetricStore } from "../server/src/stores/model/metric-store.ts";
import { median, type Row } from "./lib/pairs.ts";
import { cellsOf, rowsOf, sampleBody } from "./lib/payload.ts";

const [RUNS, SECONDS, ENDPOINTS, SETTLING] = [100, 60, 10, 15];
const FIRST = 1_800_000_000;

/** Every kind of metric, endpoint and window. */
const EXPRESSIONS = [
  "p50 < 300 ms",
  "p95 < 500 ms",
  "p99 < 2 s over steady",
  "p95(GET /endpoint/1) < 500 ms",
  "p95(GET /endpoint/2) < 500 ms over steady",
  "p95(GET /endpoint/*) < 500 ms over last 60 s",
  "avg < 200 ms",
  "avg(GET /endpoint/3) < 200 ms over 10 s .. 60 s",
  "max < 10 s",
  "errorRate < 5 %",
  "errorRate < 5 % over last 30 s",
  "errorRate < 10 % in every 30 s",
  "errorRate(GET /endpoint/4) < 5 % over steady",
  "failures < 100000",
  "requests > 0",
  "rps > 10",
  "rps > 10 over steady",
  "users >= 10",
  "exceptions = 0",
  "workerCpu < 90 %",
];

const runOf = (index: number): LoadTestRun =>
  testRun({
    id: `run-${index}`,
    startedAt: FIRST * 1000,
    loadStartedAt: FIRST * 1000,
    durationSeconds: SECONDS * 10,
    criteria: EXPRESSIONS.map((expression, at) => ({
      id: `c${at}`,
      expression,
      severity: "fail" as const,
      abort: { afterSeconds: 60 },
    })),
  });

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** → the processor time of each second, of all threads, in ms: for storing and adding up, and for judging. */
const secondsOf = async (metrics: MetricStore) => {
  let now = FIRST * 1000;
  const clock = { now: () => now, monotonic: () => now, wall: () => now };
  const aggregates = createRunAggregateCache(metrics);
  const queries = createQueries({ metrics, aggregates, clock, runs: createMemoryStores().runs });
  const runs = Array.from({ length: RUNS }, (_, index) => runOf(index));
  const judging: number[] = [];
  for (let second = 0; second < SECONDS; second += 1) {
    const body = sampleBody(FIRST + second, cellsOf(ENDPOINTS, second + 1), second === 0);
    now = (FIRST + second + 1) * 1000;
    const records = runs.flatMap(({ id }) =>
      rowsOf(id, [body], FIRST + second).map((row) => ({ ...row, seq: second + 1 })),
    );
    await metrics.append(records);
    // As at each sample that arrives.
    for (const record of records) await aggregates.add(record.runId, [{ record }]);
    for (const { id } of runs) await aggregates.get(id);
    const before = cpuMs();
    for (const run of runs) await queries.liveCriteria(run);
    if (second >= SETTLING) judging.push(cpuMs() - before);
  }
  return judging;
};

/** Live criteria: all runs with all their criteria, looked at once a second. */
export const criteriaRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-criteria-"));
  const sqlite = await openSqliteStores({ dataDir: join(folder, "data") });
  const stores = [
    ["memory", createMemoryStores().metrics],
    ["SQLite", sqlite.metrics],
  ] as const;
  try {
    const rows: Row[] = [];
    for (const [name, metrics] of stores) {
      const ms = await secondsOf(metrics);
      const share = median(ms) / 10;
      rows.push({
        what: `criteria, live: ${RUNS} runs of ${ENDPOINTS} endpoints with ${EXPRESSIONS.length} criteria each, once a second, ${name} store`,
        value: `${share.toFixed(1)} % of a core (${(Math.min(...ms) / 10).toFixed(1)}–${(Math.max(...ms) / 10).toFixed(1)}, ${ms.length} seconds)`,
        ratio: null,
        goal: "≤ 5 %",
        met: share <= 5,
      });
    }
    return rows;
  } finally {
    await sqlite.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
