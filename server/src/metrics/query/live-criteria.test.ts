import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricRecord, MetricStore } from "../../stores/model/metric-store.ts";
import { RECORD } from "../codec/batch.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { jsonRecord, type Requests, sampleRecord, testRun } from "../testing/fixtures.ts";
import { createQueries } from "./queries.ts";

const START = 1000;
const NOW = 2_000_000;
const RUN_ID = "run";

type SecondOf = { readonly ok: readonly number[]; readonly failed: number; readonly other: number };

/** As the plugin does: an endpoint without requests is in no second. */
const requestsOf = ({ ok, failed, other }: SecondOf): Requests[] =>
  [
    { name: "/a", ok, failed: Array.from({ length: failed }, () => 30) },
    { method: "POST", name: "/b", ok: Array.from({ length: other }, () => 200), failed: [] },
  ].filter((one) => one.ok.length + one.failed.length > 0);

/** The records of a load from START on, users rising by one a second up to five. */
const recordsOf = (seconds: readonly SecondOf[]): MetricRecord[] => [
  jsonRecord(1, RECORD.open, { loadStartedAtMs: START * 1000, workers: ["w"] }),
  ...seconds.map((one, index) =>
    sampleRecord(index + 2, START + index, requestsOf(one), {
      target: 5,
      real: Math.min(5, index + 1),
    }),
  ),
];
const finalOf = (seconds: number): MetricRecord =>
  jsonRecord(seconds + 2, RECORD.final, {
    loadStartedAtMs: START * 1000,
    stopIssuedAtMs: (START + seconds) * 1000,
    workersExpected: 1,
    workersReported: 1,
  });

const world = () => {
  const { metrics: stored, runs } = createMemoryStores();
  let readings = 0;
  const metrics: MetricStore = {
    ...stored,
    readRollups: (...args) => {
      readings += 1;
      return stored.readRollups(...args);
    },
  };
  const clock = { now: () => NOW, monotonic: () => NOW, wall: () => NOW };
  const aggregates = createRunAggregateCache(metrics);
  return {
    metrics,
    aggregates,
    queries: createQueries({ metrics, aggregates, clock, runs }),
    readings: () => readings,
    /** Stores records, and adds them to what the server keeps of the run, as ingest does. */
    append: async (records: readonly MetricRecord[]) => {
      await metrics.append(records);
      await aggregates.add(
        RUN_ID,
        records.map((record) => ({ record })),
      );
    },
  };
};

const runWith = (expressions: readonly string[], more: Partial<LoadTestRun> = {}): LoadTestRun =>
  testRun({
    startedAt: START * 1000,
    loadStartedAt: START * 1000,
    spawnRate: 1,
    criteria: expressions.map((expression, index) => ({
      id: `c${index}`,
      expression,
      severity: "fail" as const,
    })),
    ...more,
  });

const limitOf = (metric: string) => {
  if (metric === "errorRate") return fc.integer({ min: 0, max: 30 }).map((of) => `${of} %`);
  if (/^(?:failures|requests|users|exceptions)$/.test(metric))
    return fc.integer({ min: 0, max: 300 }).map(String);
  return metric === "rps"
    ? fc.integer({ min: 0, max: 20 }).map(String)
    : fc.integer({ min: 1, max: 250 }).map((of) => `${of} ms`);
};
const WITH_ENDPOINTS = [
  "avg",
  "min",
  "max",
  "p50",
  "p90",
  "p95",
  "errorRate",
  "failures",
  "requests",
  "rps",
];
const expressions = fc
  .tuple(
    fc.constantFrom(...WITH_ENDPOINTS, "users", "exceptions"),
    fc.constantFrom("", "(/a)", "(POST *)", "(*)", "(/none)"),
    fc.constantFrom("<", "<=", ">", ">=", "=", "!="),
    fc.constantFrom(
      "",
      " over steady",
      " over last 7 s",
      " over 3 s .. 12 s",
      " in every 5 s",
      " in every 10 s",
    ),
  )
  .chain(([metric, endpoints, operator, window]) =>
    limitOf(metric).map((limit) => {
      const of = WITH_ENDPOINTS.includes(metric) ? endpoints : "";
      return `${metric}${of} ${operator} ${limit}${window}`;
    }),
  );
const secondOf: fc.Arbitrary<SecondOf> = fc.record({
  ok: fc.array(fc.integer({ min: 1, max: 240 }), { maxLength: 12 }),
  failed: fc.integer({ min: 0, max: 2 }),
  other: fc.integer({ min: 0, max: 3 }),
});

const STATES = { passed: "holds", failed: "violated", inconclusive: "waits" } as const;

describe("criteria while a run lasts", () => {
  test("stand at its end as the frozen verdict says, however often they were looked at", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(secondOf, { minLength: 12, maxLength: 30 }),
        fc.array(expressions, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
        // When the server keeps what arrives, and when it reads the run from the store once more.
        fc.array(fc.constantFrom("kept", "forgotten", "as before"), { minLength: 1, maxLength: 7 }),
        async (seconds, texts, steps, caches) => {
          const { append, aggregates, queries } = world();
          const running = runWith(texts);
          const records = recordsOf(seconds);
          for (let from = 0, index = 0; from < records.length; index += 1) {
            const to = from + (steps[index % steps.length] ?? 1);
            const cache = caches[index % caches.length];
            if (cache === "forgotten") aggregates.forget(RUN_ID);
            if (cache === "kept") await aggregates.get(RUN_ID);
            // Records of several connections do not come in the order of time.
            await append(records.slice(from, to).toReversed());
            await queries.liveCriteria(running);
            from = to;
          }
          await append([finalOf(seconds.length)]);
          const ended: LoadTestRun = {
            ...running,
            status: "Finished",
            endCause: "duration_reached",
            durationSeconds: seconds.length,
            finishedAt: (START + seconds.length + 1) * 1000,
          };
          const live = await queries.liveCriteria(ended);
          const frozen = await queries.judgeCriteria(ended, ended.criteria ?? []);
          expect(live.map(({ expression, state }) => [expression, state])).toEqual(
            frozen.map(({ expression, verdict }) => [expression, STATES[verdict]]),
          );
          for (const [index, { window, observed, requests }] of frozen.entries()) {
            const isEvery = live[index]?.expression.includes("in every") === true;
            if (isEvery || window === undefined) continue;
            expect(live[index]?.requests).toBe(requests);
            if (observed === null) expect(live[index]?.observed).toBeNull();
            else expect(live[index]?.observed).toBeCloseTo(observed, 6);
          }
          // A server that begins to look now says the same.
          const { queries: others } = await (async () => {
            const other = world();
            await other.metrics.append([...records, finalOf(seconds.length)]);
            return other;
          })();
          expect((await others.liveCriteria(ended)).map(({ state }) => state)).toEqual(
            live.map(({ state }) => state),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  test("the store is read at the beginning, and not for what arrives then", async () => {
    const { append, aggregates, queries, readings } = world();
    const run = runWith(["p95(/a) < 300 ms", "exceptions = 0", "workerCpu < 90 % over last 7 s"]);
    const [first, ...others] = recordsOf(steady);
    await aggregates.get(RUN_ID);
    await append([first, ...others.slice(0, 4)].flatMap((record) => record ?? []));
    await queries.liveCriteria(run);
    const before = readings();
    for (const record of others.slice(4)) {
      await append([record]);
      await queries.liveCriteria(run);
    }
    expect(readings()).toBe(before);
    const live = await queries.liveCriteria(run);
    expect(live.map(({ requests }) => requests)).toEqual([600, 600, 140]);
  });

  const steady = Array.from({ length: 30 }, (): SecondOf => ({
    ok: Array.from({ length: 20 }, () => 10),
    failed: 0,
    other: 0,
  }));
  const slowFrom = (from: number, to = 30) =>
    steady.map((one, index) =>
      index >= from && index < to ? { ...one, ok: Array.from({ length: 20 }, () => 200) } : one,
    );
  /** The second after which a criterion ends the run. */
  const breachAt = async (
    expression: string,
    afterSeconds: number,
    seconds: readonly SecondOf[],
  ) => {
    const { metrics, queries } = world();
    const run = runWith([]);
    const criteria = [{ id: "c1", expression, severity: "fail" as const, abort: { afterSeconds } }];
    for (const [index, record] of recordsOf(seconds).entries()) {
      await metrics.append([record]);
      const breach = await queries.criterionBreach({ ...run, criteria });
      if (breach !== undefined) return { after: index, breach };
    }
    return undefined;
  };

  test("a server that takes over a long run reads it bit by bit, and ends it by nothing that is over", async () => {
    const { append, queries } = world();
    const slow: SecondOf = { ok: Array.from({ length: 20 }, () => 200), failed: 0, other: 0 };
    const quick: SecondOf = { ...slow, ok: Array.from({ length: 20 }, () => 10) };
    // Its first reading ends while the criterion is violated.
    const seconds = Array.from({ length: 900 }, (_, at) => (at < 700 || at >= 880 ? slow : quick));
    const criteria = [
      {
        ...{ id: "c1", expression: "max < 100 ms over last 2 s", severity: "fail" as const },
        abort: { afterSeconds: 10 },
      },
    ];
    const run = { ...runWith([]), criteria };
    await append(recordsOf(seconds));
    expect(await queries.criterionBreach(run)).toBeUndefined();
    expect(await queries.criterionBreach(run)).toMatchObject({ fromMs: (START + 880) * 1000 });
  });

  test("one with abort ends the run after its seconds without a break", async () => {
    const ended = await breachAt("max < 100 ms over last 2 s", 5, slowFrom(10));
    expect(ended).toMatchObject({
      after: 15,
      breach: {
        id: "c1",
        observed: 200,
        limit: 100,
        fromMs: (START + 10) * 1000,
        toMs: (START + 15) * 1000,
      },
    });
    expect(await breachAt("max < 100 ms over last 2 s", 5, slowFrom(10, 13))).toBeUndefined();
    expect((await breachAt("max < 100 ms in every 2 s", 5, slowFrom(10)))?.after).toBe(15);
  });

  test("not before the load is steady, unless it says over run", async () => {
    // Five users are there from the fifth second on.
    expect((await breachAt("max < 100 ms", 3, slowFrom(0)))?.after).toBe(7);
    expect((await breachAt("max < 100 ms over run", 3, slowFrom(0)))?.after).toBe(3);
  });

  test("where the target answers nothing any more, and not before it has answered once", async () => {
    const none: SecondOf = { ok: [], failed: 0, other: 0 };
    // Seconds 9 to 11 have 20 requests, which is the first window below the limit.
    const hung = steady.map((one, index) => (index >= 10 ? none : one));
    expect((await breachAt("rps >= 10 over last 3 s", 5, hung))?.after).toBe(16);
    expect((await breachAt("rps(/a) >= 10 in every 3 s", 5, hung))?.after).toBe(16);
    expect(await breachAt("rps(/never) >= 10 over last 3 s", 5, hung)).toBeUndefined();
    const late = steady.map((one, index) => (index < 20 ? none : one));
    expect(await breachAt("rps >= 10 over last 3 s", 5, late)).toBeUndefined();
  });

  test("not with too few values, and not by a count that can still be reached", async () => {
    const few = steady.map((one) => ({ ...one, ok: [200] }));
    expect(await breachAt("max < 100 ms over last 5 s", 3, few)).toBeUndefined();
    expect(await breachAt("requests >= 100000", 3, steady)).toBeUndefined();
    expect((await breachAt("requests < 100", 3, steady))?.after).toBe(7);
  });
});
