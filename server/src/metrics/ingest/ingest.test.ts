import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import type { MetricRecord } from "../../stores/model/metric-store.ts";
import {
  type RunAggregate,
  addRecord,
  emptyRunAggregate,
  finalsOf,
} from "../live/run-aggregate.ts";
import { encodeHistogram } from "../codec/histogram.ts";
import { RECORD } from "../codec/batch.ts";
import { batchOf, jsonRecord, sampleRecord, testRun } from "../testing/fixtures.ts";
import { createIngest } from "./ingest.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { createQueries } from "../query/queries.ts";
import { toSnapshot } from "../live/snapshot.ts";
import { createSnapshotIngest } from "./snapshot-ingest.ts";

const records = (): MetricRecord[] => [
  jsonRecord(1, RECORD.open, { loadStartedAtMs: 1_000_000, workers: ["w"] }),
  sampleRecord(2, 1000, [{ name: "/a", ok: [10, 20] }]),
  jsonRecord(3, RECORD.event, { atMs: 1_000_500, type: "worker_lost", message: "gone" }),
  sampleRecord(4, 1001, [{ name: "/a", ok: [10], failed: [5] }]),
  jsonRecord(5, RECORD.final, { stopIssuedAtMs: 1_002_000 }),
];

/** All totals of a run, for an exact comparison. */
const fingerprint = (runAggregate: RunAggregate): string =>
  JSON.stringify([
    runAggregate.requests,
    runAggregate.covered,
    runAggregate.maxUsers,
    [...runAggregate.endpoints]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, { ok, failed, ...sums }]) => [
        id,
        sums,
        Buffer.from(encodeHistogram(ok)).toString("hex"),
        Buffer.from(encodeHistogram(failed)).toString("hex"),
      ]),
  ]);

test("100,000 orders of a run's records with repeats: the totals are exactly the same", () => {
  const list = [
    ...records(),
    sampleRecord(6, 1001, [
      { name: "/a", ok: [0.05, 7, 7, 60_000] },
      { name: "/b", ok: [null, 3] },
    ]),
    sampleRecord(7, 1000, [{ name: "/b", failed: [12.345, 900] }]),
    sampleRecord(8, 1003, [{ name: "/a", ok: [8] }], { target: 9, real: 9 }),
  ];
  const whole = emptyRunAggregate();
  for (const record of list) addRecord(whole, record);
  const expected = fingerprint(whole);
  let state = 42;
  const below = (limit: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * limit);
  };
  let different = 0;
  for (let round = 0; round < 100_000; round += 1) {
    const order = [...list, ...Array.from({ length: below(5) }, () => list[below(list.length)])];
    for (let at = order.length - 1; at > 0; at -= 1) {
      const other = below(at + 1);
      [order[at], order[other]] = [order[other], order[at]];
    }
    const runAggregate = emptyRunAggregate();
    for (const record of order) if (record !== undefined) addRecord(runAggregate, record);
    if (fingerprint(runAggregate) !== expected) different += 1;
  }
  expect(different).toBe(0);
});

describe("batches of the plugin", () => {
  const world = () => {
    const stores = createMemoryStores();
    const aggregates = createRunAggregateCache(stores.metrics);
    return {
      stores,
      aggregates,
      ...createIngest({ ...stores, aggregates, oldestSecond: () => 500 }),
    };
  };
  let it: ReturnType<typeof world>;
  beforeEach(async () => {
    it = world();
    await it.stores.runs.create(testRun());
  });
  const events = async () => (await it.stores.events.list("run", { limit: 100 })).items;

  test("count once, however they are split, repeated and ordered", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 1 }), {
          minLength: 1,
          maxLength: 6,
        }),
        async (cuts) => {
          it = world();
          await it.stores.runs.create(testRun());
          for (const cut of [...cuts, [4, 3, 2, 1, 0]]) {
            await it.ingestBatch(batchOf(cut.flatMap((index) => records()[index] ?? [])));
          }
          const runAggregate = await it.aggregates.get("run");
          expect(runAggregate.requests).toBe(4);
          expect(finalsOf(runAggregate)).toEqual({ masterInstances: 1, complete: true });
          expect(await events()).toHaveLength(1);
          expect(await it.stores.metrics.read("run")).toHaveLength(5);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("of another protocol are refused in a way that lets the plugin keep them", async () => {
    const other = batchOf(records());
    other[3] = 4;
    await expect(it.ingestBatch(other)).rejects.toMatchObject({
      kind: "unavailable",
      message: expect.stringContaining("protocol 4, and this server reads protocol 3") as string,
    });
    expect(await it.stores.metrics.read("run")).toEqual([]);
    const noBatch = Uint8Array.from([1, ...other.slice(1)]);
    await expect(it.ingestBatch(noBatch)).rejects.toMatchObject({ kind: "validation" });
  });

  test("are refused as gone if they are older than the retention", async () => {
    const old = batchOf([sampleRecord(1, 499, [{ name: "/a", ok: [1] }])]);
    await expect(it.ingestBatch(old)).rejects.toMatchObject({ kind: "gone" });
    expect(await it.stores.metrics.read("run")).toEqual([]);
  });

  test("are acknowledged with their last seq, and the answer lists unknown endpoints", async () => {
    const answer = await it.ingestBatch(batchOf(records().slice(0, 2)));
    expect(answer).toMatchObject({
      run: { id: "run" },
      acknowledgedSeq: 2,
      unknownIds: [],
    });
  });

  test("of a run that does not exist are refused", async () => {
    await expect(it.ingestBatch(batchOf(records(), "nobody"))).rejects.toMatchObject({
      kind: "gone",
    });
  });

  test("with one invalid record are refused completely, and nothing is stored", async () => {
    const bad = [...records(), jsonRecord(6, 99, {})];
    await expect(it.ingestBatch(batchOf(bad))).rejects.toMatchObject({ kind: "validation" });
    expect(await it.stores.metrics.read("run")).toEqual([]);
  });

  test("with a known seq and other bytes do not replace the first record, and an event records it", async () => {
    await it.ingestBatch(batchOf(records()));
    await it.ingestBatch(batchOf([sampleRecord(2, 1000, [{ name: "/a", ok: [99] }])]));
    expect((await it.aggregates.get("run")).requests).toBe(4);
    expect((await events()).map(({ type }) => type)).toContain("conflicting_record");
  });

  test("with a missing seq or without the final record are not complete", () => {
    const gap = emptyRunAggregate();
    for (const record of records().filter(({ seq }) => seq !== 3)) addRecord(gap, record);
    expect(finalsOf(gap).complete).toBe(false);
    const open = emptyRunAggregate();
    for (const record of records().slice(0, 4)) addRecord(open, record);
    expect(finalsOf(open).complete).toBe(false);
  });

  test("of two master instances: the load ended as the one says that began last", () => {
    const runAggregate = emptyRunAggregate();
    for (const [id, at, stopCause] of [
      ["a", 2_000_000, "deadline"],
      ["b", 1_000_000, "manager"],
    ] as const) {
      const masterInstanceId = id.repeat(32);
      const open = jsonRecord(1, RECORD.open, { loadStartedAtMs: at, workers: ["w"] });
      const final = jsonRecord(2, RECORD.final, { loadStartedAtMs: at, stopCause });
      addRecord(runAggregate, { ...open, masterInstanceId });
      addRecord(runAggregate, { ...final, masterInstanceId });
    }
    expect(finalsOf(runAggregate)).toMatchObject({ masterInstances: 2, stopCause: "deadline" });
  });

  test("the live snapshot: totals, users, and a rate that falls to 0", async () => {
    await it.ingestBatch(batchOf(records()));
    const runAggregate = await it.aggregates.get("run");
    const soon = toSnapshot(runAggregate, 1_002_500);
    expect(soon).toMatchObject({
      totalRequests: 4,
      totalFailures: 1,
      currentUsers: 5,
      errorRate: 25,
      totalRps: 2,
    });
    expect(soon?.requestStats["GET /a"]).toMatchObject({
      numRequests: 4,
      numFailures: 1,
      minResponseTime: 5,
    });
    expect(toSnapshot(runAggregate, 1_060_000)?.totalRps).toBe(0);
    expect(toSnapshot(emptyRunAggregate(), 0)).toBeUndefined();
  });
});

describe("cumulative snapshots", () => {
  const snapshot = (numRequests: number, numFailures = 0) => ({
    totalRequests: numRequests,
    totalFailures: numFailures,
    currentUsers: 3,
    p95ResponseMs: 42,
    requestStats: {
      "GET /a": {
        method: "GET",
        name: "/a",
        numRequests,
        numFailures,
        avgResponseTime: 10,
        minResponseTime: 5,
        maxResponseTime: 20,
      },
    },
  });
  const stores = createMemoryStores();
  const json = (at: number, final = false) => ({ source: "json" as const, at, final });

  test("are stored as differences, continue after a restart of the server, start again after a reset of the stats, and end", async () => {
    const run = testRun();
    const first = createSnapshotIngest({
      ...stores,
      aggregates: createRunAggregateCache(stores.metrics),
    });
    await Promise.all([
      first(run, snapshot(10), json(1_000_000)),
      first(run, snapshot(25, 2), json(1_002_000)),
    ]);
    const aggregates = createRunAggregateCache(stores.metrics);
    const again = createSnapshotIngest({ ...stores, aggregates });
    await again(run, snapshot(25, 2), json(1_003_000));
    await again(run, snapshot(30, 2), json(1_004_000));
    for (const second of [1006, 1009, 1012, 1015])
      await again(run, snapshot(second - 1002, 1), json(second * 1000));
    await again(run, snapshot(15, 1), json(1_018_000, true));
    await again(
      { ...run, status: "Finished", finishedAt: 1_018_500 },
      snapshot(99, 1),
      json(1_019_000),
    );
    const runAggregate = await aggregates.get("run");
    expect(runAggregate.requests).toBe(45);
    // The lower totals had an instance of their own until they were proved to be a reset.
    expect(runAggregate.masterInstances.size).toBe(3);
    expect(toSnapshot(runAggregate, 1_018_000)).toMatchObject({
      totalRequests: 45,
      totalFailures: 3,
      p95ResponseMs: 42,
    });
    expect(await createRunAggregateCache(stores.metrics).get("run")).toEqual(runAggregate);
    // Locust's page is the last word on how many there were.
    await again(run, snapshot(40), { source: "polled", at: 1_020_000 });
    expect((await aggregates.get("run")).requests).toBe(45);
  });

  test.each(["a", "b", "c", "d", "e", "f"])(
    "continue after a reset and a restart of the server, whatever the order of the instance ids (%s)",
    async (id) => {
      const run = testRun({ id });
      const own = createMemoryStores();
      const before = createRunAggregateCache(own.metrics);
      const first = createSnapshotIngest({ ...own, aggregates: before });
      await first(run, snapshot(25), json(1_000_000));
      await first(run, snapshot(4), json(1_004_000));
      await first(run, snapshot(5), json(1_008_000));
      await first(run, snapshot(6), json(1_012_000));
      const aggregates = createRunAggregateCache(own.metrics);
      const again = createSnapshotIngest({ ...own, aggregates });
      await again(run, snapshot(7), json(1_016_000));
      expect((await aggregates.get(id)).requests).toBe(32);
    },
  );

  test("record the errors since the previous snapshot", async () => {
    const own = createMemoryStores();
    const aggregates = createRunAggregateCache(own.metrics);
    const store = createSnapshotIngest({ ...own, aggregates });
    const failing = (requests: number, refused: number, broken: number) => ({
      ...snapshot(requests, refused + broken),
      errors: [
        { method: "GET", name: "/a", error: "refused", occurrences: refused },
        { method: "GET", name: "/a", error: "500", occurrences: broken },
      ],
    });
    await store(testRun(), failing(10, 1, 0), json(1_000_000));
    await store(testRun(), failing(20, 3, 2), json(1_001_000));
    await store(testRun(), failing(20, 3, 2), json(1_002_000));
    for (const second of [1003, 1008, 1013])
      await store(testRun(), failing(5, 1, 0), json(second * 1000));
    const clock = { now: () => 2_000_000, monotonic: () => 0, wall: () => 2_000_000 };
    const queries = createQueries({ ...own, aggregates, clock });
    const { items } = await queries.failures(testRun(), {});
    expect(items.map(({ name, error, occurrences }) => [name, error, occurrences])).toEqual([
      ["/a", "refused", 4],
      ["/a", "500", 2],
    ]);
    expect(items[0]).toMatchObject({ firstSeenAt: 1_000_000, lastSeenAt: 1_012_000 });
  });

  test("of several processes that post the totals of a run: the largest of each endpoint counts, nothing is added up", async () => {
    const own = createMemoryStores();
    let aggregates = createRunAggregateCache(own.metrics);
    const run = testRun();
    const totals = (requests: Readonly<Record<string, number>>, refused: number) => ({
      ...snapshot(Object.values(requests).reduce((sum, count) => sum + count, 0)),
      requestStats: Object.fromEntries(
        Object.entries(requests).map(([name, numRequests]) => [
          name,
          { method: "GET", name, numRequests, numFailures: 0, avgResponseTime: 10 },
        ]),
      ),
      errors: [{ method: "GET", name: "/a", error: "refused", occurrences: refused }],
    });
    const posts = [
      ["10.0.0.2", { "/a": 4, "/b": 1 }, 1],
      ["10.0.0.1", { "/a": 9, "/b": 3 }, 2],
      ["10.0.0.3", { "/a": 5, "/b": 2, "/c": 1 }, 1],
      ["10.0.0.2", { "/a": 8, "/b": 2 }, 1],
      ["10.0.0.1", { "/a": 18, "/b": 6, "/c": 1 }, 3],
      ["10.0.0.3", { "/a": 10, "/b": 4, "/c": 1 }, 1],
    ] as const;
    for (const [index, [reporter, requests, refused]] of posts.entries()) {
      // Each as by a server that has just started.
      aggregates = createRunAggregateCache(own.metrics);
      const store = createSnapshotIngest({ ...own, aggregates });
      const final = index === 4;
      await store(run, totals(requests, refused), {
        ...json(1_000_000 + index * 1000, final),
        reporter,
      });
    }
    const runAggregate = await aggregates.get("run");
    expect(runAggregate.requests).toBe(25);
    expect(finalsOf(runAggregate).complete).toBe(true);
    const counts = [...runAggregate.endpoints].map(([id, { requests }]) => [
      runAggregate.names.get(id)?.name,
      requests,
    ]);
    expect(Object.fromEntries(counts)).toEqual({ "/a": 18, "/b": 6, "/c": 1 });
    const clock = { now: () => 2_000_000, monotonic: () => 0, wall: () => 2_000_000 };
    const { failures } = createQueries({ ...own, aggregates, clock });
    expect((await failures(run, {})).items).toMatchObject([{ error: "refused", occurrences: 3 }]);
    const { items } = await own.events.list("run", { limit: 10 });
    expect(items.map(({ type }) => type)).toEqual(["several_reporters"]);
  });

  test("count the endpoints after the thousandth as (other)", async () => {
    const own = createMemoryStores();
    const aggregates = createRunAggregateCache(own.metrics);
    const store = createSnapshotIngest({ ...own, aggregates });
    const wide = (endpoints: number, each: number) => ({
      ...snapshot(endpoints * each),
      requestStats: Object.fromEntries(
        Array.from({ length: endpoints }, (_, index) => [
          `GET /${index}`,
          {
            method: "GET",
            name: `/${index}`,
            numRequests: each,
            numFailures: 0,
            avgResponseTime: index < 1000 ? 10 : 30,
            minResponseTime: 5,
            maxResponseTime: 20,
          },
        ]),
      ),
    });
    await store(testRun(), wide(900, 2), json(1_000_000));
    await store(testRun(), wide(1200, 2), json(1_001_000));
    await store(testRun(), wide(1300, 3), json(1_002_000));
    const { endpoints, names, requests, masterInstances } = await aggregates.get("run");
    expect([endpoints.size, masterInstances.size, requests]).toEqual([1001, 1, 3900]);
    const [id, name] = [...names].at(-1) ?? ["", undefined];
    expect(name).toEqual({ method: "", name: "(other)" });
    expect(endpoints.get(id)).toMatchObject({ requests: 900, sumUs: 27_000_000, minUs: 5000 });
    const { items } = await own.events.list("run", { limit: 10 });
    expect(items.map(({ type }) => type)).toEqual(["endpoints_capped"]);
  });
});
