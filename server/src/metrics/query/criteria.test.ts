import { join } from "node:path";
import { pino } from "pino";
import { afterAll, describe, expect, test } from "vitest";
import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import type { OpenedStores } from "../../stores/ports.ts";
import { openMongoStores } from "../../stores/mongo/stores.ts";
import { openSqliteStores } from "../../stores/sqlite/stores.ts";
import { onMongo } from "../../stores/testing/test-database.ts";
import { RECORD } from "../codec/batch.ts";
import { ByteWriter } from "../codec/bytes.ts";
import { SECTION } from "../codec/sample.ts";
import {
  jsonRecord,
  type Requests,
  sampleRecord,
  testRun,
  withProblems,
} from "../testing/fixtures.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { createCompactor } from "../rollups/compactor.ts";
import { createQueries } from "./queries.ts";

const START = 1000;
const SECONDS = 120;
const NOW = 2_000_000;
const run = testRun({
  status: "Finished",
  endCause: "duration_reached",
  durationSeconds: SECONDS,
  startedAt: START * 1000,
  finishedAt: (START + SECONDS + 5) * 1000,
});

const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);
/** 20 requests a second: 19 of 10 ms and one of 100 ms at GET /a. */
const usual: Requests[] = [{ name: "/a", ok: [...times(19, 10), 100] }];

type Stores = Pick<OpenedStores, "metrics" | "runs" | "close">;

type World = {
  readonly seconds?: number;
  /** What a second is instead of the usual one. */
  readonly at?: (second: number) => Requests[] | "missing" | undefined;
  /** CPU of the worker, in percent. */
  readonly cpu?: (second: number) => number;
  readonly users?: (second: number) => number;
  readonly exceptionsAt?: number;
  readonly final?: Record<string, unknown>;
};
const USUAL: World = {};

const withCpu = (record: MetricRecord, percent: number): MetricRecord => {
  const body = new ByteWriter().varint(1).text("w").byte(3).varint(5);
  body
    .varint(Math.round(percent * 100))
    .varint(0)
    .varint(0);
  const section = new ByteWriter().raw(record.body).byte(SECTION.processes).block(body.finish());
  return { ...record, body: section.finish() };
};

/** A later section of users stands for an earlier one. */
const withUsers = (record: MetricRecord, users: { target: number; real: number }): MetricRecord => {
  const body = new ByteWriter().varint(users.target).varint(users.real).varint(0);
  const section = new ByteWriter().raw(record.body).byte(SECTION.users).block(body.finish());
  return { ...record, body: section.finish() };
};

const recordsOf = (world: World): MetricRecord[] => {
  const seconds = world.seconds ?? SECONDS;
  const records = [jsonRecord(1, RECORD.open, { loadStartedAtMs: START * 1000, workers: ["w"] })];
  for (let index = 0; index < seconds; index += 1) {
    const requests = world.at?.(index) ?? usual;
    if (requests === "missing") continue;
    const seq = records.length + 1;
    const users = { target: 5, real: world.users?.(index) ?? Math.min(5, index + 1) };
    const record =
      world.exceptionsAt === index
        ? withProblems(seq, START + index, {
            exceptions: [{ worker: "w", message: "boom", traceback: "line 1", count: 3 }],
          })
        : sampleRecord(seq, START + index, requests, users);
    records.push(withCpu(withUsers(record, users), world.cpu?.(index) ?? 20));
  }
  const stopIssuedAtMs = (START + seconds) * 1000;
  const final = {
    loadStartedAtMs: START * 1000,
    stopIssuedAtMs,
    workersExpected: 1,
    workersReported: 1,
  };
  records.push(jsonRecord(records.length + 1, RECORD.final, { ...final, ...world.final }));
  return records;
};

const failing = (second: number): Requests[] | undefined =>
  second >= 60 && second < 70
    ? [{ name: "/a", ok: times(10, 10), failed: times(10, 10) }]
    : undefined;

type Open = () => Promise<Stores> | Stores;

/** Judges worlds, each stored once as a run of its own; `isCompacted`: as rollups. */
const judgeOn = (open: Open, isCompacted: boolean) => {
  const opening = Promise.resolve().then(open);
  afterAll(async () => (await opening).close());
  const runIds = new Map<World, string>();
  const stored = async (world: World): Promise<string> => {
    const known = runIds.get(world);
    if (known !== undefined) return known;
    const { metrics } = await opening;
    const runId = `run-${runIds.size}`;
    runIds.set(world, runId);
    await metrics.append(recordsOf(world).map((record) => ({ ...record, runId })));
    if (!isCompacted) return runId;
    const now = () => NOW + 10 * 3_600_000;
    const compactor = createCompactor({
      metrics,
      clock: { now, monotonic: now, wall: now },
      log: pino({ level: "silent" }),
      retention: { secondsDays: 36_500, tenSecondsDays: 36_500 },
      keptRunIds: async () => [],
    });
    await compactor.runOnce();
    await compactor.stop();
    const { records } = await metrics.readRollups(runId, { rollups: [], records: {} });
    expect(records.filter(({ type }) => type === RECORD.sample)).toEqual([]);
    return runId;
  };
  const clock = { now: () => NOW, monotonic: () => NOW, wall: () => NOW };
  const judge = async (
    expression: string,
    world: World = USUAL,
    more: Partial<LoadTestRun> = {},
  ): Promise<CriterionVerdict> => {
    const id = await stored(world);
    const { metrics, runs } = await opening;
    const aggregates = createRunAggregateCache(metrics);
    const queries = createQueries({ metrics, aggregates, clock, runs });
    const [verdict] = await queries.judgeCriteria({ ...run, id, ...more }, [
      { id: "c1", expression, severity: "fail" },
    ]);
    if (verdict === undefined) throw new Error("There is no verdict.");
    return verdict;
  };
  const short = async (...of: Parameters<typeof judge>): Promise<string> => {
    const { verdict, reason } = await judge(...of);
    return reason?.code ?? verdict;
  };
  return { judge, short };
};
type Judging = ReturnType<typeof judgeOn>;

const metricsAndWindows = ({ judge, short }: Judging): void => {
  test.each<[string, number | null, string, string]>([
    // metric and window, the figure, a limit that passes, one that fails
    ["avg", 14.5, "< 15 ms", "< 14 ms"],
    ["min", 10, ">= 10 ms", "> 10 ms"],
    ["max", 100, "<= 100 ms", "< 100 ms"],
    ["p50", null, "< 11 ms", "< 9 ms"],
    ["p99", null, "< 0.2 s", "< 90 ms"],
    ["p99.5(GET /a)", null, "< 0.2 s", "< 90 ms"],
    ["errorRate", 0, "< 1 %", "> 0 %"],
    ["failures", 0, "= 0", "!= 0"],
    ["requests", 2400, "= 2400", "< 2400"],
    ["rps", 20, ">= 20", "> 20"],
    ["users", 5, "= 5", "> 5"],
    ["exceptions", 0, "= 0", "> 0"],
    ["workerCpu", 20, "< 21 %", "< 20 %"],
  ])("%s is %s: passes %s, fails %s", async (metric, figure, passing, failingLimit) => {
    const passed = await judge(`${metric} ${passing}`);
    expect(passed).toMatchObject({
      verdict: "passed",
      ...(figure === null ? {} : { observed: figure }),
    });
    expect(await short(`${metric} ${failingLimit}`)).toBe("failed");
    for (const window of ["over steady", "over last 60 s", "over 60 s .. 2 min", "in every 30 s"]) {
      if (metric === "requests") continue;
      const isUsers = metric === "users" && window === "in every 30 s";
      if (!isUsers)
        expect([window, await short(`${metric} ${passing} ${window}`)]).toEqual([window, "passed"]);
      expect([window, await short(`${metric} ${failingLimit} ${window}`)]).toEqual([
        window,
        "failed",
      ]);
    }
  });

  test("only the window counts: 10 of its seconds fail by half", async () => {
    const world = { at: failing };
    expect(await judge("errorRate < 5 %", world)).toMatchObject({
      verdict: "passed",
      requests: 2400,
      window: { from: START * 1000, to: (START + SECONDS) * 1000 },
    });
    expect(await judge("failures < 50", world)).toMatchObject({
      verdict: "failed",
      observed: 100,
      firstViolation: { from: (START + 60) * 1000, to: (START + 70) * 1000, observed: 100 },
    });
    expect(await judge("errorRate < 5 % over 60 s .. 70 s", world)).toMatchObject({
      verdict: "failed",
      observed: 50,
      requests: 200,
      firstViolation: { observed: 50 },
    });
    expect(await short("errorRate = 0 % over last 50 s", world)).toBe("passed");
  });

  test("in every names the first and the worst window", async () => {
    // Of 30 s with 600 requests: 10 failures a second, so 3 of them are 5 %.
    expect(await judge("errorRate < 5 % in every 30 s", { at: failing })).toMatchObject({
      verdict: "failed",
      observed: 100 / 6,
      windows: { total: 91, decided: 91 },
      firstViolation: { from: (START + 33) * 1000, to: (START + 63) * 1000, observed: 5 },
      worstWindow: { from: (START + 40) * 1000, requests: 600 },
    });
    expect(await short("errorRate < 17 % in every 30 s", { at: failing })).toBe("passed");
  });

  test("in every finds seconds in which nothing was answered", async () => {
    const hung = { at: (second: number) => (second >= 60 && second < 66 ? [] : undefined) };
    expect(await judge("requests >= 10 in every 3 s", hung)).toMatchObject({
      verdict: "failed",
      observed: 0,
      windows: { violated: 4 },
      firstViolation: { from: (START + 60) * 1000, observed: 0 },
    });
    expect(await short("p95 < 1 s in every 30 s", hung)).toBe("passed");
    expect(await short("requests(/none) >= 10 in every 3 s", hung)).toBe("no_data");
  });

  test("a window in which nothing was answered has 0 requests, where the run has some", async () => {
    const hung = { at: (second: number) => (second >= 100 ? [] : undefined) };
    for (const metric of ["rps", "requests", "rps(GET /a)", "requests(/a)"])
      expect(await judge(`${metric} >= 1 over last 20 s`, hung)).toMatchObject({
        verdict: "failed",
        observed: 0,
      });
    expect(await short("failures = 0 over last 20 s", hung)).toBe("passed");
    expect(await short("errorRate < 1 % over last 20 s", hung)).toBe("no_data");
    expect(await short("rps(/none) >= 1 over last 20 s", hung)).toBe("no_data");
    expect(await short("failures(/none) = 0", hung)).toBe("no_data");
  });

  test("only the steady seconds count", async () => {
    const world = {
      users: (second: number) => Math.min(5, Math.floor(second / 10)),
      at: (second: number): Requests[] | undefined =>
        second < 50 ? [{ name: "/a", ok: times(20, 500) }] : undefined,
    };
    const ramp = { spawnRate: 0.1 };
    // A part of the window begins at a multiple of its length, and the load became steady in it.
    const since = (START + 53) * 1000 + 200;
    const phases = [{ kind: "steady" as const, from: since }];
    expect(await judge("max <= 1 ms over steady", world, { ...ramp, phases })).toMatchObject({
      verdict: "failed",
      firstViolation: { from: since, to: (START + 60) * 1000 },
    });
    expect(await judge("max <= 100 ms over steady", world, ramp)).toMatchObject({
      verdict: "passed",
      requests: 1400,
    });
    expect(await short("max <= 100 ms", world, ramp)).toBe("failed");
    const exceptions = { ...world, exceptionsAt: 40 };
    expect(await short("exceptions = 0 over steady", exceptions, ramp)).toBe("passed");
    expect(await short("exceptions = 0", exceptions, ramp)).toBe("failed");
  });

  test("endpoints are chosen by patterns", async () => {
    const world = {
      at: (): Requests[] => [
        { name: "/a", ok: times(10, 10) },
        { method: "POST", name: "/b(1)", ok: times(10, 90) },
      ],
    };
    expect(await judge("max(GET *) < 50 ms", world)).toMatchObject({
      verdict: "passed",
      requests: 1200,
    });
    expect(await judge('max("POST /b(*") < 50 ms', world)).toMatchObject({
      verdict: "failed",
      requests: 1200,
    });
    expect(await short("max(GET /b*) < 50 ms", world)).toBe("no_data");
    expect(await short("max(*) < 50 ms in every 10 s", world)).toBe("failed");
  });
};

const doubts = ({ judge, short }: Judging): void => {
  const saturated = { cpu: (second: number) => (second >= 20 && second < 40 ? 95 : 20) };
  const notReached = { users: () => 4 };
  const missing = {
    at: (second: number) => (second >= 20 && second < 40 ? ("missing" as const) : undefined),
  };
  const short60 = { seconds: 60 };
  const stopped: Partial<LoadTestRun> = { status: "Stopped", endCause: "stopped_by_user" };
  test.each<[string, string, World, Partial<LoadTestRun>?]>([
    ["no_data", "p95 < 1 s", { at: () => [] }],
    ["few_values", "p99.9 < 1 s in every 30 s", USUAL],
    [
      "few_values",
      "avg < 1 s",
      { at: (second) => (second === 1 ? usual.map((one) => ({ ...one, ok: times(5, 1) })) : []) },
    ],
    ["generator_saturated", "p95 < 1 s", saturated],
    ["generator_saturated", "p95 < 1 ms", saturated],
    ["generator_saturated", "p95 < 1 s in every 30 s", saturated],
    ["passed", "p95 < 1 s over last 60 s", saturated],
    ["passed", "rps >= 20", saturated],
    ["generator_saturated", "rps >= 21", saturated],
    ["failed", "workerCpu < 90 % in every 10 s", saturated],
    ["load_not_reached", "p95 < 1 s", notReached],
    ["failed", "p95 < 1 ms", notReached],
    ["load_not_reached", "p95 < 1 s over steady", notReached],
    [
      "incomplete",
      "p95 < 50 ms",
      {
        ...missing,
        at: (second) =>
          missing.at(second) ?? [
            { name: "/a", ok: [...times(19, 10), ...(second % 2 === 0 ? [100] : [10])] },
          ],
      },
    ],
    ["passed", "p50 < 50 ms", missing],
    ["incomplete", "errorRate < 5 %", missing],
    ["incomplete", "exceptions = 0", missing],
    ["passed", "p95 < 1 s over last 60 s", missing],
    ["incomplete", "p95 < 1 s in every 30 s", missing],
    ["cut_short", "p95 < 1 s", short60, stopped],
    ["failed", "p95 < 1 ms", short60, stopped],
    ["passed", "p95 < 1 s over 0 s .. 30 s", short60, stopped],
    ["cut_short", "p95 < 1 s over 60 s .. 90 s", short60, stopped],
    ["cut_short", "p95 < 1 s over last 2 min", short60, stopped],
    ["cut_short", "p95 < 1 s in every 90 s", short60, stopped],
    ["cut_short", "p95 < 1 s in every 30 s", short60, stopped],
    ["failed", "p95 < 1 ms in every 30 s", short60, stopped],
    ["passed", "p95 < 1 s", short60, { ...stopped, durationSeconds: 60 }],
    ["could_not_run", "p95 < 1 ms", USUAL, { status: "Failed" }],
    ["could_not_run", "p95 < 1 ms in every 5 s", USUAL, { status: "Failed" }],
    ["no_baseline", "p95 < baseline * 1.1", USUAL],
    ["incomplete", "p95 < 1 s", { final: { workersExpected: 2 } }],
  ])("%s: %s", async (expected, expression, world, more = {}) => {
    expect(await short(expression, world, more)).toBe(expected);
  });

  test("few values say how many are needed", async () => {
    const few = await judge("p99.9 < 1 s in every 30 s");
    expect(few.reason).toMatchObject({ requestsNeeded: 10_000 });
  });

  test("exceptions of the script fail, and have their window", async () => {
    const world = { exceptionsAt: 70 };
    expect(await judge("exceptions = 0", world)).toMatchObject({ verdict: "failed", observed: 3 });
    expect(await short("exceptions = 0 over 0 s .. 60 s", world)).toBe("passed");
    expect(await judge("exceptions = 0 in every 10 s", world)).toMatchObject({
      verdict: "failed",
      windows: { violated: 10 },
    });
  });
};

const table = (judging: Judging): void => {
  describe("metrics and windows", () => {
    metricsAndWindows(judging);
  });
  describe("doubts", () => {
    doubts(judging);
  });
};

describe("the table of truth, on the memory store", () => {
  table(judgeOn(createMemoryStores, false));
});
describe("the table of truth, on the memory store, compacted", () => {
  table(judgeOn(createMemoryStores, true));
});
describe("the table of truth, on SQLite", () => {
  const dataDir = join(temporaryFolder(), "data");
  table(judgeOn(() => openSqliteStores({ dataDir }), false));
});
onMongo((database) => {
  describe("the table of truth, on MongoDB, compacted", () => {
    table(judgeOn(() => openMongoStores(database), true));
  });
});
