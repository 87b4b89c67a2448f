import { LoadTestQuery } from "@load-manager/contract/api/load-test.ts";
import { BSON, type Document } from "mongodb";
import { describe, expect, test } from "vitest";
import { RECORD } from "@load-manager/server/metrics/codec/batch.ts";
import { createRunAggregateCache } from "@load-manager/server/metrics/live/run-aggregate-cache.ts";
import { createQueries } from "@load-manager/server/metrics/query/queries.ts";
import { decodeSample } from "@load-manager/server/metrics/codec/sample.ts";
import { openMongoStores } from "@load-manager/server/stores/mongo/stores.ts";
import { onMongo } from "@load-manager/server/stores/testing/test-database.ts";
import { fillLegacy, loadTestId, runId } from "./testing/legacy-fixtures.ts";
import { READ } from "./read/json.ts";
import { parseMapping } from "./transform/mapping.ts";
import {
  type ConvertedRecord,
  metricOf,
  type OldMetric,
  orderKey,
  recordsOfRun,
} from "./transform/metrics.ts";
import { migrate } from "./migrate.ts";
import { AMOUNT, depsOf, inDatabase, INPUT } from "./testing/migrate-fixtures.ts";
import { EVERYTHING } from "@load-manager/server/stores/model/collection.ts";

const MAPPING = parseMapping("default: { accountId: a, orgId: o, projectId: p }", "mapping.yaml");
const CONTEXT = { mapping: MAPPING, keepActive: false };
const SCOPE = { accountId: "a", orgId: "o", projectId: "p" };
const MS = 1_703_232_000_123;
const read = (document: Document): Document => BSON.deserialize(BSON.serialize(document), READ);
const metric = (more: Document) => {
  const outcome = metricOf(
    read({ tenantId: "t", loadTestRunId: "r", timestamp: new Date(MS), ...more }),
    CONTEXT,
  );
  if (!outcome.ok) throw new Error(outcome.reasons.join());
  return outcome;
};

describe("metrics", () => {
  test("a time in 1970 is the ObjectId's second", () => {
    const { value: converted, repaired } = metric({
      _id: new BSON.ObjectId("6585420a0201000000000001"),
      timestamp: new Date(1),
      totalRequests: 5,
      weird: "x",
    });
    expect(converted.at).toBe(0x6585420a * 1000);
    expect(repaired).toContain("time_of_id");
    expect(converted.metadata).toMatchObject({ legacy: { weird: "x" } });
  });

  test.each([
    [{ loadTestRunId: null, totalRequests: 1 }, /no run/],
    [{}, /no metrics/],
    [{ totalRequests: BSON.Long.fromString("1152921504606846976") }, /no metrics/],
    [{ totalRequests: 1, timestamp: null }, /no known time/],
  ])("%j is left", (more, reason) => {
    const document = read({ tenantId: "t", loadTestRunId: "r", timestamp: MS, ...more });
    expect(metricOf(document, CONTEXT)).toMatchObject({ reasons: [expect.stringMatching(reason)] });
  });
});

describe("the records of a run", () => {
  const snapshotAt = (seconds: number, numRequests: number, more: Document = {}) =>
    metric({
      timestamp: new Date(MS + seconds * 1000),
      totalRequests: numRequests,
      currentUsers: 3,
      requestStats: {
        "GET /a": { method: "GET", name: "/a", numRequests, avgResponseTime: 10, ...more },
      },
    }).value;
  const summary = (records: readonly ConvertedRecord[]) =>
    records.map(({ record, deltas }) => [
      record.type,
      record.seq,
      record.second,
      ...deltas.map((one) => one.requests),
    ]);
  const second = Math.floor(MS / 1000);

  test("each has the difference from the one before, in a record for each rollup window; two at one instant share their second", () => {
    const records = recordsOfRun("r", { scope: SCOPE, startedAt: MS - 5000, ended: true });
    const converted = [
      ...records.add(snapshotAt(0, 10)),
      ...records.add(snapshotAt(0, 15)),
      ...records.add(snapshotAt(2, 40)),
      ...records.end(),
    ];
    expect(summary(converted)).toEqual([
      // A rollup window begins at this second: five of the six seconds are in the one before.
      [RECORD.snapshot, 1, second - 1, 8],
      [RECORD.snapshot, 2, second, 2],
      [RECORD.snapshot, 3, second, 5],
      [RECORD.snapshot, 4, second + 2, 25],
      [RECORD.final, 5, 0],
    ]);
    const notes = converted.slice(0, 4).map(({ record }) => decodeSample(record.body).snapshot);
    expect(notes.map((note) => note?.fromSecond)).toEqual([second - 5, second, second, second + 1]);
    expect(notes.map((note) => note?.snapshot?.totalRequests)).toEqual([undefined, 10, 15, 40]);
  });

  test("counts that fall belong to another master instance; an active run gets no final", () => {
    const records = recordsOfRun("r", { scope: SCOPE, ended: false });
    const converted = [
      ...records.add(snapshotAt(0, 10)),
      ...records.add(snapshotAt(2, 4)),
      ...records.end(),
    ];
    expect(summary(converted)).toEqual([
      [RECORD.snapshot, 1, second, 10],
      [RECORD.final, 2, 0],
      [RECORD.snapshot, 1, second + 2, 4],
    ]);
    expect(new Set(converted.map(({ record }) => record.masterInstanceId)).size).toBe(2);
  });

  test("an average that was never measured is not a time of 0; records of a deleted run are kept", () => {
    const records = recordsOfRun("r", undefined);
    const [first] = records.add(snapshotAt(0, 10, { avgResponseTime: 0 }));
    expect(first?.deltas[0]).toMatchObject({ requests: 10, noTime: 10, sumUs: 0 });
    expect(first?.scope).toEqual(SCOPE);
    expect(summary(records.end())).toEqual([[RECORD.final, 2, 0]]);
  });

  test("totals without endpoints are not counted twice: they count only where no snapshot has endpoints", () => {
    const bare = (seconds: number, totalRequests: number) =>
      metric({ timestamp: new Date(MS + seconds * 1000), totalRequests, avgResponseMs: 5 }).value;
    const sums = (...metrics: readonly OldMetric[]) => {
      const records = recordsOfRun("r", { scope: SCOPE, ended: true });
      const all = [...metrics.flatMap(records.add), ...records.end()];
      expect(all.map(({ record }) => record.seq)).toEqual(all.map((_, index) => index + 1));
      return all.map(({ deltas }) => deltas.reduce((sum, one) => sum + one.requests, 0));
    };
    expect(sums(snapshotAt(0, 10), bare(2, 20), snapshotAt(4, 30))).toEqual([10, 0, 20, 0]);
    expect(sums(bare(0, 10), bare(2, 20), snapshotAt(4, 30))).toEqual([0, 0, 30, 0]);
    expect(sums(bare(0, 10), bare(2, 20))).toEqual([10, 10, 0]);
  });

  test("an endpoint that falls alone adds nothing, and belongs to no other instance", () => {
    const of = (seconds: number, a: number, b: number) =>
      metric({
        timestamp: new Date(MS + seconds * 1000),
        totalRequests: a + b,
        requestStats: {
          "GET /a": { method: "GET", name: "/a", numRequests: a },
          "GET /b": { method: "GET", name: "/b", numRequests: b },
        },
      }).value;
    const records = recordsOfRun("r", { scope: SCOPE, ended: true });
    const all = [
      ...records.add(of(0, 100, 100)),
      ...records.add(of(2, 20, 210)),
      ...records.add(of(4, 110, 400)),
      ...records.end(),
    ];
    const sum = all.flatMap(({ deltas }) => deltas).reduce((total, one) => total + one.requests, 0);
    expect([sum, new Set(all.map(({ record }) => record.masterInstanceId)).size]).toEqual([510, 1]);
  });

  test("what the last totals have beyond the snapshots has no time; it may be all", () => {
    const last = { at: MS + 9000, snapshot: snapshotAt(9, 70).snapshot };
    const run = { scope: SCOPE, startedAt: MS, ended: true, last };
    const some = recordsOfRun("r", run);
    const converted = [...some.add(snapshotAt(0, 40)), ...some.add(snapshotAt(2, 60))];
    expect(summary([...converted, ...some.end()])).toEqual([
      [RECORD.snapshot, 1, second, 40],
      [RECORD.snapshot, 2, second + 2, 20],
      [RECORD.untimed, 3, 0, 10],
      [RECORD.final, 4, 0],
    ]);
    expect(summary(recordsOfRun("r", run).end())).toEqual([
      [RECORD.untimed, 1, 0, 70],
      [RECORD.final, 2, 0],
    ]);
    expect(summary(recordsOfRun("r", { ...run, ended: false }).end())).toEqual([]);
    const whole = recordsOfRun("r", run);
    expect(summary([...whole.add(snapshotAt(0, 70)), ...whole.end()])).toEqual([
      [RECORD.snapshot, 1, second, 70],
      [RECORD.final, 2, 0],
    ]);
  });

  test("no document speaks of more than an hour", () => {
    const records = recordsOfRun("r", { scope: SCOPE, startedAt: MS - 1e9, ended: true });
    const [first] = records.add(snapshotAt(0, 10));
    expect(decodeSample(first?.record.body ?? new Uint8Array()).snapshot?.fromSecond).toBe(
      second - 3600,
    );
  });

  test("a time that cannot be true does not stretch the run", () => {
    const run = { scope: SCOPE, startedAt: MS, finishedAt: MS + 14_000, ended: true };
    const records = recordsOfRun("r", run);
    const day = 86_400;
    const converted = [
      ...records.add(snapshotAt(-day, 4)),
      ...records.add(snapshotAt(10, 40)),
      ...records.add(snapshotAt(day, 60)),
      ...records.end(),
    ];
    expect(summary(converted)).toEqual([
      [RECORD.snapshot, 1, second, 4],
      [RECORD.snapshot, 2, second + 10, 36],
      [RECORD.snapshot, 3, second + 14, 20],
      [RECORD.final, 4, 0],
    ]);
  });

  test("documents sort by run, time and count", () => {
    const key = (seconds: number, requests: number) => orderKey(snapshotAt(seconds, requests), "x");
    expect(key(0, 9) < key(0, 10) && key(0, 10) < key(1, 1)).toBe(true);
  });
});

onMongo((options) => {
  const shapes = ["camel", "lower", "doubles", "object-id", "sparse"] as const;
  test("today's server answers from what was migrated", async () => {
    await inDatabase(options, "answers", async (db) => {
      await fillLegacy(db, { ...AMOUNT, shapes, runs: 7, metrics: 6 });
      await migrate(depsOf(db), INPUT);
      const stores = await openMongoStores({ ...options, database: db.databaseName });
      try {
        const query = LoadTestQuery.parse({ limit: 100, accountId: "acc123", orgId: "org456" });
        const listed = await stores.loadTests.list(query, EVERYTHING);
        expect(listed.items.length).toBeGreaterThan(3);
        for (const shape of shapes) {
          const loadTest = await stores.loadTests.get(loadTestId(0, shape));
          expect({ shape, ...loadTest }).toMatchObject({ shape, name: "Checkout 0" });
          expect(loadTest?.recentRuns.length).toBeGreaterThan(0);
          const revision = await stores.revisions.get(loadTest?.latestRevisionId ?? "");
          const content = await stores.revisions.content(revision?.files[0]?.sha256 ?? "");
          // The script inside the load test is no later revision of one that has revisions.
          expect(Buffer.from(content ?? "").toString()).toBe("# revision 0\n");
          expect(loadTest?.metadata).toMatchObject({
            legacy: { script: expect.stringMatching(/^# 0\n/) },
          });
          const run = await stores.runs.get(runId(1, shape));
          if (run === undefined) throw new Error(`no run of ${shape}`);
          const queries = createQueries({
            metrics: stores.metrics,
            aggregates: createRunAggregateCache(stores.metrics),
            clock: depsOf(db).clock,
            runs: stores.runs,
          });
          const answer = await queries.summary(run, { responses: "all" });
          // The last totals have 600 requests, the snapshots 120 of them; sparse runs have no last totals.
          const total = shape === "sparse" ? 120 : 600;
          expect({ shape, ...answer }).toMatchObject({
            shape,
            totalRequests: total,
            totalFailures: total / 10,
            errorRate: 10,
            p50ResponseMs: 40,
            p95ResponseMs: null,
            minResponseMs: null,
            complete: shape === "sparse",
            ...(shape === "sparse" ? {} : { untimedRequests: 480 }),
          });
          expect(answer).toMatchObject({ ...run.summary });
          const lists = await Promise.all(
            [0, 1, 2].map((n) => stores.loadTests.get(loadTestId(n, shape))),
          );
          const recent = lists
            .flatMap((one) => one?.recentRuns ?? [])
            .find(({ id }) => id === run.id);
          expect(recent?.totalRequests).toBe(total);
          const { items } = await queries.requests(run, { responses: "all", format: "json" });
          const rows = items.map(({ method, name, totalRequests }) => [
            method,
            name,
            totalRequests,
          ]);
          expect(rows).toEqual([
            ["GET", "/a", total / 2],
            ["POST", "/b", total / 2],
          ]);
          const series = await queries.timeseries(run, {
            responses: "all",
            points: 300,
            format: "points",
          });
          expect(series.dataPoints?.length).toBeGreaterThan(5);
        }
        const active = await stores.runs.get(runId(4, "camel"));
        expect(active).toMatchObject({
          status: "Failed",
          statusReason: { code: "lost_before_migration", statusBefore: "Running" },
        });
        expect(await stores.runs.unsettled()).toEqual([]);
        const live = await stores.runs.getLive([runId(0, "lower")]);
        expect(live.get(runId(0, "lower"))?.requestStats["POST /b"]?.minResponseTime).toBe(3);
      } finally {
        await stores.close();
      }
    });
  });
});
