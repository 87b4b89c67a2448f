import { LoadTestQuery } from "@load-manager/contract/load-test.ts";
import { type Db, MongoClient } from "mongodb";
import { describe, expect, test } from "vitest";
import { AppError } from "../lib/errors.ts";
import { uuidV7 } from "../lib/ids.ts";
import { createLiveRuns } from "../metrics/live.ts";
import { createQueries } from "../metrics/query/queries.ts";
import { onMongo } from "../stores/mongo/test-database.ts";
import { openMongoStores, type MongoOptions } from "../stores/mongo/stores.ts";
import { dryRun } from "./dry-run.ts";
import { fillLegacy, loadTestId, malformed, oldRun, runId, SHAPES } from "./legacy-fixtures.ts";
import { parseMapping } from "./mapping.ts";
import { migrate, type MigrateDeps } from "./migrate.ts";
import { strangersOf, swapOf, targetsOf } from "./plan.ts";
import { cleanup, removable, rollback } from "./rollback.ts";
import { verifyMigrated } from "./verify-migrated.ts";

const MAPPING = `
tenants:
  acme: { accountId: acc123, orgId: org456, projectId: proj789 }
patterns:
  - { match: "team-*", accountId: acc123, orgId: "$1", projectId: "\${projectId}" }
`;
const INPUT = {
  mapping: parseMapping(MAPPING, "mapping.yaml"),
  mappingFile: "mapping.yaml",
  keepActive: false,
};
const AMOUNT = { shapes: SHAPES, tests: 3, runs: 14, metrics: 6, malformed: 6 };

const depsOf = (db: Db, more: Partial<MigrateDeps["lock"]> = {}): MigrateDeps => {
  let now = 1_800_000_000_000;
  const clock = { now: () => now, monotonic: () => now };
  return {
    db,
    clock,
    ids: uuidV7,
    lock: {
      self: { owner: uuidV7.next(), host: "here", pid: 1 },
      sleep: async (ms) => {
        now += ms;
        // Another process's timer may run meanwhile.
        await new Promise((resolve) => {
          setTimeout(resolve, 1);
        });
      },
      isAlive: () => true,
      ...more,
    },
    say: () => {},
    onProgress: () => {},
  };
};

/** Each test has a database of its own beside the file's. */
const inDatabase = async (options: MongoOptions, name: string, work: (db: Db) => Promise<void>) => {
  const client = new MongoClient(options.uri);
  const db = client.db(`${options.database.slice(0, 40)}_${name}`);
  try {
    await work(db);
  } finally {
    await db.dropDatabase();
    await client.close();
  }
};

const namesOf = async (db: Db): Promise<string[]> =>
  (await db.listCollections().toArray()).map(({ name }) => name).toSorted();

const countsOf = async (db: Db): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const name of await namesOf(db)) counts[name] = await db.collection(name).countDocuments();
  return counts;
};

const rejection = async (work: Promise<unknown>): Promise<AppError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error(`it was not refused but ended with ${String(error)}`);
};

describe("the plan", () => {
  const collections = [
    { name: "load_tests", type: "collection" },
    { name: "metrics_timeseries", type: "timeseries" },
    { name: "test_runs" },
    { name: "system.buckets.metrics_timeseries" },
    { name: "tenants" },
    { name: "load_tests__left" },
  ];

  test("a time series is copied to its backup and dropped, all else is renamed", () => {
    const targets = targetsOf(collections);
    expect(targets.map(({ name, sources }) => [name, sources.map((one) => one.name)])).toEqual([
      ["script_blobs", []],
      ["run_live", []],
      ["script_revisions", []],
      ["load_test_runs", ["test_runs"]],
      ["load_tests", ["load_tests"]],
      ["metrics_timeseries", ["metrics_timeseries"]],
    ]);
    const renames = swapOf(targets, "S");
    expect(renames.slice(-2)).toEqual([
      { from: "metrics_timeseries", to: "metrics_timeseries__backup_S", drop: true },
      { from: "metrics_timeseries__new", to: "metrics_timeseries" },
    ]);
    expect(renames).toContainEqual({ from: "test_runs", to: "test_runs__backup_S" });
    expect(renames).not.toContainEqual(expect.objectContaining({ from: "load_test_runs" }));
    expect(strangersOf(collections, ["load_tests"])).toEqual(["tenants"]);
  });
});

onMongo((options) => {
  describe("a migration on a real server", () => {
    test("every older shape, mixed in one database", async () => {
      await inDatabase(options, "mixed", async (db) => {
        const documents = await fillLegacy(db, AMOUNT);
        await db.collection("load_tests").createIndex({ tenantId: 1 }, { name: "tenant_env_idx" });
        await db.collection("somebody_elses").insertOne({ x: 1 });
        const before = await countsOf(db);

        const dry = await dryRun(depsOf(db), INPUT);
        expect(await countsOf(db)).toEqual(before);
        const report = await migrate(depsOf(db), INPUT);
        const made = report?.collections.map(({ collection, copied, left, repaired }) => ({
          collection,
          copied,
          left,
          repaired,
        }));
        expect(made).toEqual(
          dry.map(({ collection, copied, left, repaired }) => ({
            collection,
            copied,
            left,
            repaired,
          })),
        );
        const sum = made?.reduce((total, { copied, left }) => total + copied + left, 0);
        expect(sum).toBe(documents);
        expect(report?.untouched).toEqual(["somebody_elses"]);
        expect(report?.verified.map(({ wrong }) => wrong)).toEqual([0, 0, 0, 0]);
        const verdicts = await verifyMigrated(depsOf(db), INPUT);
        expect(verdicts.flatMap(({ problems }) => problems)).toEqual([]);

        const indexes = await db.collection("load_tests").listIndexes().toArray();
        const names = indexes.map(({ name }) => String(name));
        expect(names).toContain("account_org_project_idx");
        expect(names).not.toContain("tenant_env_idx");
        const left = await db.collection("load_tests__left").find().toArray();
        expect(left).toHaveLength(AMOUNT.malformed);
        expect(left[0]).toMatchObject({ reasons: ["it has no name"], document: malformed(0) });

        // A second run changes nothing.
        const after = await countsOf(db);
        expect(await migrate(depsOf(db), INPUT)).toBeUndefined();
        expect(await countsOf(db)).toEqual(after);
      });
    });

    test("today's server answers from what was migrated", async () => {
      await inDatabase(options, "answers", async (db) => {
        await fillLegacy(db, AMOUNT);
        await migrate(depsOf(db), INPUT);
        const stores = await openMongoStores({ ...options, database: db.databaseName });
        try {
          const query = LoadTestQuery.parse({ limit: 100, accountId: "acc123", orgId: "org456" });
          const listed = await stores.loadTests.list(query, {});
          expect(listed.items.length).toBeGreaterThan(5);
          for (const shape of SHAPES) {
            const loadTest = await stores.loadTests.get(loadTestId(0, shape));
            expect({ shape, ...loadTest }).toMatchObject({ shape, name: "Checkout 0" });
            expect(loadTest?.recentRuns.length).toBeGreaterThan(1);
            const revision = await stores.revisions.get(loadTest?.latestRevisionId ?? "");
            const content = await stores.revisions.content(revision?.files[0]?.sha256 ?? "");
            expect(Buffer.from(content ?? "").toString()).toMatch(/^# 0\n/);
            const run = await stores.runs.get(runId(1, shape));
            if (run === undefined) throw new Error(`no run of ${shape}`);
            const queries = createQueries({
              metrics: stores.metrics,
              live: createLiveRuns(stores.metrics),
              clock: depsOf(db).clock,
            });
            const answer = await queries.summary(run, { responses: "all" });
            expect({ shape, ...answer }).toMatchObject({
              shape,
              totalRequests: 120,
              totalFailures: 12,
              errorRate: 10,
              p50ResponseMs: 40,
              p95ResponseMs: null,
              minResponseMs: null,
              complete: true,
            });
            const { items } = await queries.requests(run, { responses: "all", format: "json" });
            const rows = items.map(({ method, name, totalRequests }) => [
              method,
              name,
              totalRequests,
            ]);
            expect(rows).toEqual([
              ["GET", "/a", 60],
              ["POST", "/b", 60],
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

    test("a tenant that is not mapped stops it before anything changes", async () => {
      await inDatabase(options, "unmapped", async (db) => {
        await fillLegacy(db, { ...AMOUNT, shapes: ["camel", "lower"], runs: 7, metrics: 2 });
        const before = await countsOf(db);
        const only = parseMapping(
          "tenants: { acme: { accountId: a, orgId: o, projectId: p } }",
          "m",
        );
        const error = await rejection(migrate(depsOf(db), { ...INPUT, mapping: only }));
        expect(error.message).toMatch(
          /the tenant "team-red": 2 in load_test_runs, 2 in test_runs, 2 in load_tests, 8 in metrics_timeseries/,
        );
        expect(await countsOf(db)).toEqual(before);
      });
    });

    test("two at once: the second is refused; one that is gone is taken over", async () => {
      await inDatabase(options, "lock", async (db) => {
        await fillLegacy(db, { ...AMOUNT, shapes: ["camel"], metrics: 1 });
        const lock = { owner: "other", host: "elsewhere", pid: 77, beat: 0 };
        const locks = db.collection<{ _id: string; owner: string; beat: number }>("migrations");
        await locks.insertOne({ _id: "lock", ...lock });
        let beats = 0;
        const alive = depsOf(db, {
          sleep: async () => {
            beats += 1;
            await locks.updateOne({ _id: "lock" }, { $inc: { beat: 1 } });
          },
        });
        const refused = await rejection(migrate(alive, INPUT));
        expect(refused.message).toMatch(/Another migration .*process 77 on elsewhere/);
        expect(beats).toBe(1);
        expect(await migrate(depsOf(db), INPUT)).toMatchObject({ phase: "done" });
      });
    });

    test("back again, and forth; cleanup takes the backups and nothing that was not understood", async () => {
      await inDatabase(options, "back", async (db) => {
        await fillLegacy(db, { ...AMOUNT, shapes: ["camel", "lower"], metrics: 2 });
        const before = await countsOf(db);
        const old = await db.collection("test_runs").find().sort({ _id: 1 }).toArray();
        await migrate(depsOf(db), INPUT);
        await expect(cleanup(depsOf(db))).resolves.not.toEqual([]);
        await expect(rejection(rollback(depsOf(db)))).resolves.toMatchObject({
          message: expect.stringMatching(/The backups are gone/),
        });
        await db.dropDatabase();

        await fillLegacy(db, { ...AMOUNT, shapes: ["camel", "lower"], metrics: 2 });
        await migrate(depsOf(db), INPUT);
        await rollback(depsOf(db));
        expect(await countsOf(db)).toMatchObject(before);
        expect(await db.collection("test_runs").find().sort({ _id: 1 }).toArray()).toEqual(old);
        const opened = openMongoStores({ ...options, database: db.databaseName });
        await expect(opened).rejects.toThrow(/older tenantId schema/);
        expect(await migrate(depsOf(db), INPUT)).toMatchObject({ phase: "done" });
        const { remove, keep } = await removable(db);
        expect(keep).toEqual(["load_tests__left", "test_runs__left"]);
        expect(await cleanup(depsOf(db))).toEqual(remove);
        expect((await removable(db)).remove).toEqual([]);
      });
    });

    test("with --keep-active runs go on where they were; another mapping does not go on with a begun one", async () => {
      await inDatabase(options, "active", async (db) => {
        await db.collection("test_runs").insertMany([oldRun(4, "camel", 1), oldRun(6, "lower", 1)]);
        await migrate(depsOf(db), { ...INPUT, keepActive: true });
        const runs = await db.collection("load_test_runs").find().sort({ _id: 1 }).toArray();
        expect(runs.map(({ status }) => String(status))).toEqual(["Running", "Pending"]);
        expect(runs[1]).toMatchObject({ trigger: "external" });
        await db
          .collection<{ _id: string }>("migrations")
          .updateOne({ _id: "current" }, { $set: { phase: "copy", mapping: "other" } });
        const error = await rejection(migrate(depsOf(db), INPUT));
        expect(error.message).toMatch(/begun with another mapping/);
        const opened = openMongoStores({ ...options, database: db.databaseName });
        await expect(opened).rejects.toThrow(/not finished/);
      });
    });
  });
});
