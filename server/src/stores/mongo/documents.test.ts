import { Long, MongoClient } from "mongodb";
import { afterAll, describe, expect, test } from "vitest";
import {
  freshScope,
  loadTestOf,
  recentRunOf,
  runOf,
  sampleOf,
  snapshotOf,
} from "../testing/fixtures.ts";
import { rejection } from "../conformance/harness.ts";
import { openMongoStores } from "./stores.ts";
import { onMongo } from "../testing/test-database.ts";

onMongo((options) => {
  /** Reads 64-bit integers as BSON longs, which the driver would convert to numbers. */
  const client = new MongoClient(options.uri, { promoteLongs: false });
  const db = client.db(options.database);
  afterAll(() => client.close());

  describe("the documents in the database", () => {
    test("entities have the field names of the API, times as 64-bit integers, ids as _id", async () => {
      const stores = await openMongoStores(options);
      const loadTest = loadTestOf({ recentRuns: [recentRunOf()], metadata: { "a.b": { $x: 1 } } });
      const run = runOf({ startedAt: 1_703_232_000_000, loadTestId: loadTest.id, spawnRate: 2.5 });
      await stores.loadTests.create(loadTest);
      await stores.runs.create(run);
      await stores.runs.setLive(run.id, snapshotOf({ requestStats: {} }));
      const stored = await db.collection("load_tests").findOne({ id: loadTest.id });
      expect(stored).toMatchObject({
        _id: loadTest.id,
        accountId: loadTest.accountId,
        orgId: "o",
        projectId: "p",
        createdAt: Long.fromNumber(1000),
        metadata: '{"a.b":{"$x":1}}',
        recentRuns: [{ finishedAt: Long.fromNumber(3000) }],
      });
      const storedRun = await db.collection("load_test_runs").findOne({ id: run.id });
      expect(storedRun).toMatchObject({
        startedAt: Long.fromNumber(1_703_232_000_000),
        spawnRate: 2.5,
        loadTestId: loadTest.id,
      });
      expect(storedRun).not.toHaveProperty("finishedAt");
      await stores.close();
    });

    test("metrics are one document for each second with plain totals, found by run and a range of 64-bit times", async () => {
      const stores = await openMongoStores(options);
      const scope = freshScope();
      const records = [10, 11, 12].map((second, index) =>
        sampleOf({ runId: "r", seq: index + 2, second }),
      );
      const open = sampleOf({ runId: "r", seq: 1, type: 1, second: 0 });
      await stores.metrics.append([open, ...records], (index) => ({
        ...scope,
        ...(index === 0 ? {} : { requests: 5, failures: 1, currentUsers: 3, sumResponseMs: 12.5 }),
      }));
      const found = await db
        .collection("metrics_timeseries")
        .find({
          loadTestRunId: "r",
          timestamp: { $gte: Long.fromNumber(11_000), $lte: Long.fromNumber(12_000) },
        })
        .toArray();
      expect(found).toHaveLength(2);
      expect(found[0]).toMatchObject({
        ...scope,
        timestamp: Long.fromNumber(11_000),
        requests: Long.fromNumber(5),
        failures: Long.fromNumber(1),
        currentUsers: Long.fromNumber(3),
        sumResponseMs: 12.5,
      });
      expect(await db.collection("metrics_timeseries").findOne({ seq: 1 })).not.toHaveProperty(
        "timestamp",
      );
      await stores.close();
    });

    test("the indexes have the documented names, and are created once", async () => {
      await (await openMongoStores(options)).close();
      await (await openMongoStores(options)).close();
      const names = async (collection: string) =>
        (await db.collection(collection).listIndexes().toArray()).map(({ name }) => String(name));
      expect(await names("load_tests")).toContain("account_org_project_idx");
      expect(await names("load_test_runs")).toContain("account_org_project_status_idx");
      expect(await names("metrics_timeseries")).toContain("account_org_project_timestamp_idx");
    });
  });
});

onMongo((options) => {
  const client = new MongoClient(options.uri);
  const db = client.db(options.database);
  afterAll(() => client.close());

  test("an index with a name of ours on other fields keeps the server from starting, and the message says what to do", async () => {
    await db
      .collection("load_tests")
      .createIndex({ tenantId: 1 }, { name: "account_org_project_idx" });
    const error = await rejection(openMongoStores(options));
    expect(String(error)).toMatch(
      /account_org_project_idx .*dropIndex\("account_org_project_idx"\)/,
    );
    await db.collection("load_tests").dropIndex("account_org_project_idx");
    await (await openMongoStores(options)).close();
  });

  test("data of the older schema are not changed: the server refuses to start and names the command", async () => {
    await db.collection("store_meta").deleteMany({});
    await db.collection("load_tests").insertOne({ tenantId: "acme", name: "old" });
    expect(String(await rejection(openMongoStores(options)))).toMatch(
      /older tenantId schema .*load-manager migrate --dry-run/,
    );
    await db.collection("load_tests").deleteMany({});
    await (await openMongoStores(options)).close();
  });

  test("a database from before the first format or of a newer program is refused, and the message names it", async () => {
    await (await openMongoStores(options)).close();
    const mark = db.collection<{ _id: string; version: number }>("store_meta");
    expect((await mark.findOne({ _id: "schema" }))?.version).toBe(2);
    await mark.updateOne({ _id: "schema" }, { $set: { version: 1 } });
    expect(await rejection(openMongoStores(options))).toMatchObject({
      kind: "unavailable",
      message: `The database ${options.database} was made before the first format (its format is 1, the first is 2). Take another mongodb.database.`,
      fields: [{ field: "mongodb.database" }],
    });
    await mark.updateOne({ _id: "schema" }, { $set: { version: 3 } });
    expect(String(await rejection(openMongoStores(options)))).toMatch(/newer Load Manager/);
    await mark.updateOne({ _id: "schema" }, { $set: { version: 2 } });
    await (await openMongoStores(options)).close();
  });
});
