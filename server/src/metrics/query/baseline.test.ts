import { describe, expect, test } from "vitest";
import type { Criterion } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricStore } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { jsonRecord, type Requests, sampleRecord, testRun } from "../testing/fixtures.ts";
import { createQueries } from "./queries.ts";

const SECONDS = 60;
/** A run begins so many seconds after the one before. */
const APART = 1000;
const NOW = 100_000_000;
const ROLLING = { kind: "rolling", runs: 8 } as const;

const times = (count: number, ms: number) => Array.from({ length: count }, () => ms);
const requestsOf = (ms: number): Requests[] => [{ name: "/a", ok: times(20, ms) }];

type Given = {
  /** The response time of a second's requests in ms, or the requests themselves. */
  readonly at?: number | ((second: number) => Requests[]);
  readonly users?: number;
  readonly seconds?: number;
  readonly run?: Partial<LoadTestRun>;
};

const criteriaOf = (...expressions: string[]): Criterion[] =>
  expressions.map((expression, index) => ({
    id: `c${index + 1}`,
    expression,
    severity: "fail" as const,
  }));

/** Runs of one load test, one after another. */
const setUp = () => {
  const { metrics, runs } = createMemoryStores();
  const readOf = new Map<string, number>();
  const counted: MetricStore = {
    ...metrics,
    readRollups: (runId, query) => {
      readOf.set(runId, (readOf.get(runId) ?? 0) + 1);
      return metrics.readRollups(runId, query);
    },
  };
  const clock = { now: () => NOW, monotonic: () => NOW, wall: () => NOW };
  const aggregates = createRunAggregateCache(counted);
  const queries = createQueries({ metrics: counted, aggregates, clock, runs });
  let number = 0;

  const add = async ({ at = 10, users = 5, seconds = SECONDS, run = {} }: Given = {}) => {
    number += 1;
    const start = 1000 + number * APART;
    const stored = testRun({
      id: `run-${number}`,
      runNumber: number,
      loadTestId: "test",
      status: "Finished",
      endCause: "duration_reached",
      durationSeconds: SECONDS,
      createdAt: start * 1000,
      startedAt: start * 1000,
      loadStartedAt: start * 1000,
      finishedAt: (start + seconds + 5) * 1000,
      settledAt: (start + seconds + 6) * 1000,
      ...run,
    });
    const records = [
      jsonRecord(1, RECORD.open, { loadStartedAtMs: start * 1000, workers: ["w"] }),
      ...Array.from({ length: seconds }, (_, second) =>
        sampleRecord(
          second + 2,
          start + second,
          typeof at === "number" ? requestsOf(at) : at(second),
          { target: 5, real: Math.min(users, second + 1) },
        ),
      ),
      jsonRecord(seconds + 2, RECORD.final, {
        loadStartedAtMs: start * 1000,
        stopIssuedAtMs: (start + seconds) * 1000,
        workersExpected: 1,
        workersReported: 1,
      }),
    ];
    await metrics.append(records.map((record) => ({ ...record, runId: stored.id })));
    await runs.create(stored);
    return stored;
  };
  const judge = async (run: LoadTestRun, ...expressions: string[]) =>
    queries.judgeCriteria(run, criteriaOf(...expressions));
  /** The criterion on a run with 10 ms that comes after those there are. */
  const next = async (expression: string, given: Given = {}) => {
    const run = await add({ ...given, run: { baseline: ROLLING, ...given.run } });
    const [verdict] = await judge(run, expression);
    if (verdict === undefined) throw new Error("There is no verdict.");
    return verdict;
  };
  return { add, judge, next, queries, runs, readOf };
};

describe("a rolling baseline", () => {
  test("is the geometric mean of the earlier runs; its runs and figures are told", async () => {
    const { add, next } = setUp();
    await add({ at: 10 });
    await add({ at: 12.1, run: { verdict: "failed" } });
    const verdict = await next("avg < baseline * 1.2", { at: 12 });
    expect(verdict).toMatchObject({ verdict: "passed", observed: 12, unit: "ms" });
    expect(verdict.limit).toBeCloseTo(13.2, 9);
    expect(verdict.baseline).toMatchObject({
      runs: [
        { id: "run-2", runNumber: 2, value: 12.1 },
        { id: "run-1", runNumber: 1, value: 10 },
      ],
      noise: { runIds: ["run-2", "run-1"] },
    });
    expect(verdict.baseline?.value).toBeCloseTo(11, 9);
    expect(verdict.baseline?.noise.percent).toBeCloseTo(4.8727, 3);
  });

  test("is of the newest ones only, as many as it says, and never of later ones", async () => {
    const { add, judge } = setUp();
    for (const at of [100, 20, 20]) await add({ at });
    const run = await add({ at: 22, run: { baseline: { kind: "rolling", runs: 2 } } });
    await add({ at: 500 });
    const [verdict] = await judge(run, "avg <= baseline");
    expect(verdict).toMatchObject({ verdict: "failed", limit: 20, observed: 22 });
    expect(verdict?.baseline?.runs.map(({ id }) => id)).toEqual(["run-3", "run-2"]);
  });

  test("is of none that was not over when the load began", async () => {
    const { add, next } = setUp();
    await add({ at: 20 });
    const at = (1000 + 3 * APART) * 1000;
    await add({ at: 50, run: { finishedAt: at + 1 } });
    expect(await next("avg < baseline")).toMatchObject({
      limit: 20,
      baseline: { runs: [{ id: "run-1" }] },
    });
  });

  test("has the worst window of in every, which is the smallest for a lower limit", async () => {
    const { add, next } = setUp();
    const slack = (second: number): Requests[] =>
      second >= 20 && second < 30 ? [{ name: "/a", ok: times(10, 10) }] : requestsOf(10);
    await add({ at: slack });
    expect(await next("rps >= baseline * 0.9 in every 10 s")).toMatchObject({
      verdict: "passed",
      limit: 9,
      observed: 20,
    });
  });

  test("leaves out what cannot be compared, and says so where nothing is left", async () => {
    const { add, next, runs } = setUp();
    expect((await next("avg < baseline")).reason).toEqual({
      code: "no_baseline",
      message: "No earlier run of the load test has ended.",
    });
    await add({ run: { targetUsers: 50 } });
    await add({ run: { targetUsers: 50, scriptSha256: "other" } });
    await add({ seconds: 30, run: { status: "Stopped", endCause: "stopped_by_user" } });
    await add({ users: 3 });
    await add({ run: { status: "Failed" } });
    await add({ run: { settledAt: 1, deletingAt: 1 } });
    await runs.update("run-1", { version: 1 }, { targetUsers: 50 });
    const none = await next("avg < baseline");
    expect(none).toMatchObject({ verdict: "inconclusive", observed: 10, limit: null });
    expect(none).not.toHaveProperty("baseline");
    expect(none.reason?.message).toBe(
      "None of the 6 newest earlier runs can be compared: 2 with 50 users instead of 5, " +
        "1 that could not run, 1 with fewer users than commanded, 1 cut short, " +
        "1 otherwise.",
    );
    await add({ at: 40 });
    expect(await next("avg < baseline")).toMatchObject({
      verdict: "passed",
      limit: 20,
      baseline: { runs: [{ id: "run-9" }, { id: "run-8", value: 10 }] },
    });
  });

  test("has no figure where a run has too few requests, or none that match", async () => {
    const { add, next } = setUp();
    await add({
      at: (second) => (second === 0 ? [{ name: "/b", ok: times(10, 5) }] : requestsOf(10)),
    });
    expect((await next("avg(/b) < baseline")).reason?.message).toBe(
      "The only earlier run cannot be compared: it is one with too few requests.",
    );
    expect((await next("max(/c) < baseline")).reason?.message).toBe(
      "None of the 2 newest earlier runs can be compared: 2 without the figure.",
    );
  });

  test("is measured in the same window and of the same endpoints", async () => {
    const { add, next } = setUp();
    const spike = (second: number): Requests[] => [
      { name: "/a", ok: times(20, second >= 20 && second < 30 ? 100 : 10) },
      { method: "POST", name: "/b", ok: times(20, 300) },
    ];
    await add({ at: spike });
    const of = async (window: string) => (await next(`avg(GET /a) < baseline ${window}`)).limit;
    expect(await of("")).toBeCloseTo(25, 6);
    const { add: again, next: other } = setUp();
    await again({ at: spike });
    const run = await other("avg(GET /a) < baseline over last 20 s");
    expect(run.limit).toBe(10);
    const every = await setUpEvery(spike);
    expect(every).toMatchObject({ limit: 100, verdict: "passed", observed: 10 });
  });

  const setUpEvery = async (at: (second: number) => Requests[]) => {
    const { add, next } = setUp();
    await add({ at });
    return next("avg(GET /a) < baseline in every 10 s");
  };

  test("of errors that is 0 is kept by a run without any", async () => {
    const { add, next } = setUp();
    for (let count = 0; count < 3; count += 1) await add();
    const failing = (second: number): Requests[] =>
      second === 30 ? [{ name: "/a", ok: times(19, 10), failed: [10] }] : requestsOf(10);
    const kept = await next("errorRate < baseline * 1.1");
    expect(kept).toMatchObject({
      verdict: "passed",
      limit: 0,
      baseline: { value: 0, noise: { percent: null } },
    });
    expect(kept).not.toHaveProperty("close");
    expect(await next("errorRate < baseline * 1.1", { at: failing })).toMatchObject({
      verdict: "failed",
      limit: 0,
    });
    expect(await next("failures <= baseline")).toMatchObject({
      limit: 1 / 5,
      baseline: { value: 1 / 5 },
    });
  });

  test("is close where the noise of its runs could turn it", async () => {
    const closeAt = async (at: number) => {
      const { add, next } = setUp();
      for (let count = 0; count < 4; count += 1) await add({ at: 100 });
      return (await next("avg < baseline * 1.1", { at })).close === true;
    };
    // t(0.975, 11) · sqrt(8 · 0.02² / 11 · (1 + 1/4)) = 4.2 %
    expect(await Promise.all([105, 106, 114, 115].map(closeAt))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test.each(["avg", "p50"])(
    "is close from further where %s itself is uncertain",
    async (metric) => {
      const closeAt = async (swing: number) => {
        const { add, next } = setUp();
        for (let count = 0; count < 4; count += 1) await add({ at: 100 });
        const shift = (second: number): number => (second < 30 ? -swing : swing);
        const at = (second: number): Requests[] => [
          {
            name: "/a",
            ok: Array.from({ length: 20 }, (_, index) => 83 + 4 * index + shift(second)),
          },
        ];
        return (await next(`${metric} < baseline * 1.1`, { at })).close === true;
      };
      expect([await closeAt(0), await closeAt(30)]).toEqual([false, true]);
    },
  );
});

describe("one run as baseline", () => {
  const pinned = (runId: string) => ({ run: { baseline: { kind: "run", runId } } }) as const;

  test("stands for itself; earlier runs show the noise", async () => {
    const { add, next } = setUp();
    const { id } = await add({ at: 100 });
    await add({ at: 10 });
    expect(await next("avg < baseline * 1.1", pinned(id))).toMatchObject({
      verdict: "passed",
      baseline: { value: 100, runs: [{ id, value: 100 }], noise: { runIds: ["run-2", "run-1"] } },
    });
  });

  test("that cannot be compared says what differs", async () => {
    const { add, next, runs } = setUp();
    const { id } = await add({ run: { targetUsers: 50 } });
    const message = async () => (await next("avg < baseline", pinned(id))).reason?.message;
    expect(await message()).toBe(
      "The baseline, run #1, cannot be compared: it is one with 50 users instead of 5.",
    );
    await runs.delete(id, 1);
    expect(await message()).toBe(
      "The baseline, run run-1, cannot be compared: it is one that has been deleted.",
    );
  });

  test("is chosen only where it has what the criteria compare", async () => {
    const { add, queries } = setUp();
    const run = await add();
    const fault = (...expressions: string[]) =>
      queries.baselineFault(run, criteriaOf(...expressions));
    expect(await fault("p95 < baseline", "max(/b) < 1 s")).toBeUndefined();
    expect(await fault("p95(/b) < baseline")).toBe("without the figure, for p95(/b) < baseline");
    const failed = await add({ run: { status: "Failed" } });
    expect(await queries.baselineFault(failed, [])).toBe("that could not run");
  });
});

test("without a baseline nothing is compared", async () => {
  const { add, judge } = setUp();
  await add();
  const [verdict] = await judge(await add(), "avg < baseline");
  expect(verdict?.reason).toEqual({
    code: "no_baseline",
    message: "The load test had no baseline when the run was created.",
  });
});

test("a run that has a verdict is compared with the same runs again", async () => {
  const { add, judge, runs } = setUp();
  for (const at of [10, 20, 40]) await add({ at });
  const run = await add({ run: { baseline: { kind: "rolling", runs: 2 } } });
  const criterionVerdicts = await judge(run, "avg < baseline");
  await runs.delete("run-3", 1);
  const idsOf = async (judged: LoadTestRun) =>
    (await judge(judged, "max < baseline"))[0]?.baseline?.runs.map(({ id }) => id);
  expect(await idsOf({ ...run, criterionVerdicts })).toEqual(["run-2"]);
  expect(await idsOf(run)).toEqual(["run-2", "run-1"]);
  await runs.delete("run-2", 1);
  const [verdict] = await judge({ ...run, criterionVerdicts }, "max < baseline");
  expect(verdict?.reason?.message).toBe(
    "None of the 2 newest earlier runs can be compared: 2 since deleted.",
  );
});

test("while a run lasts its limits are those of its verdict, and earlier runs are read once", async () => {
  const { add, queries, judge, readOf } = setUp();
  await add({ at: 10 });
  await add({ at: 12.1 });
  const expressions = [
    "avg < baseline * 1.1",
    "p95(/none) < baseline",
    "avg < baseline in every 10 s",
  ];
  const run = await add({ run: { baseline: ROLLING } });
  const running: LoadTestRun = { ...run, status: "Running", criteria: criteriaOf(...expressions) };
  const live = await queries.liveCriteria(running);
  const reads = readOf.get("run-1") ?? 0;
  expect(reads).toBeGreaterThan(0);
  await queries.liveCriteria(running);
  expect(readOf.get("run-1")).toBe(reads);
  const frozen = await judge(run, ...expressions);
  expect(live.map(({ limit, baseline }) => [limit, baseline])).toEqual(
    frozen.map(({ limit, baseline }) => [limit, baseline]),
  );
  expect(live.map(({ state }) => state)).toEqual(["holds", "waits", "holds"]);
});
