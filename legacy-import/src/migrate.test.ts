import fc from "fast-check";
import { BSON, type Db, type Document } from "mongodb";
import { describe, expect, test } from "vitest";
import { openMongoStores } from "@load-manager/server/stores/mongo/stores.ts";
import { onMongo } from "@load-manager/server/stores/testing/test-database.ts";
import { dryRun } from "./dry-run.ts";
import { FUZZED, isStorable, malformedOf } from "./testing/fuzz-fixtures.ts";
import { fillLegacy, malformed, oldRun } from "./testing/legacy-fixtures.ts";
import { parseMapping } from "./transform/mapping.ts";
import { migrate } from "./migrate.ts";
import {
  AMOUNT,
  countsOf,
  depsOf,
  inDatabase,
  INPUT,
  rejection,
} from "./testing/migrate-fixtures.ts";
import { foreignOf, swapOf, targetsOf } from "./state/plan.ts";
import { cleanup, removable, rollback } from "./swap/rollback.ts";
import { verifyMigrated } from "./verify/verify-migrated.ts";

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
    expect(foreignOf(collections, ["load_tests"])).toEqual(["tenants"]);
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
        const converted = report?.collections.map(
          ({ collection, copied, left, firstRevisions, repaired }) => ({
            collection,
            copied,
            left,
            firstRevisions,
            repaired,
          }),
        );
        expect(converted).toEqual(
          dry.map(({ collection, copied, left, firstRevisions, repaired }) => ({
            collection,
            copied,
            left,
            firstRevisions,
            repaired,
          })),
        );
        // Of three load tests the first has a revision already, and the third no script.
        const firstRevisions = converted?.map((one) => one.firstRevisions);
        expect(Math.max(...(firstRevisions ?? []))).toBe(AMOUNT.shapes.length);
        const sum = converted?.reduce((total, { copied, left }) => total + copied + left, 0);
        expect(sum).toBe(documents);
        expect(report?.untouched).toEqual(["somebody_elses"]);
        expect(report?.verified.map(({ faultCount }) => faultCount)).toEqual([0, 0, 0, 0, 0, 0]);
        const verifications = await verifyMigrated(depsOf(db), INPUT);
        expect(verifications.flatMap(({ faults }) => faults)).toEqual([]);

        const indexes = await db.collection("load_tests").listIndexes().toArray();
        const names = indexes.map(({ name }) => String(name));
        expect(names).toContain("account_org_project_idx");
        expect(names).not.toContain("tenant_env_idx");
        const left = await db.collection("load_tests__left").find().toArray();
        expect(left).toHaveLength(AMOUNT.malformed);
        expect(left[0]).toMatchObject({
          reasons: ["it has no known time"],
          document: malformed(0),
        });

        // A second run changes nothing.
        const after = await countsOf(db);
        expect(await migrate(depsOf(db), INPUT)).toBeUndefined();
        expect(await countsOf(db)).toEqual(after);
      });
    });

    test("a corpus of malformed documents: each is in today's collection or left; none is lost", async () => {
      await inDatabase(options, "fuzz", async (db) => {
        const counts = new Map<string, number>();
        for (const target of FUZZED) {
          const corpus = new Map<string, Document>();
          for (const [index, given] of fc.sample(malformedOf(target), 200).entries()) {
            const document: Document = { _id: `${target} ${index}`, ...given };
            const id: unknown = document["_id"];
            const odd = Array.isArray(id) || id instanceof BSON.BSONRegExp;
            if (!odd && isStorable(document)) corpus.set(JSON.stringify(document["_id"]), document);
          }
          await db.collection(target).insertMany([...corpus.values()]);
          counts.set(target, corpus.size);
        }
        const all = parseMapping(
          `default: { accountId: a, orgId: o, projectId: p }\ntenants: { "": { accountId: a, orgId: o, projectId: p } }`,
          "m",
        );
        const report = await migrate(depsOf(db), { ...INPUT, mapping: all });
        for (const { collection, copied, left, backup } of report?.collections ?? []) {
          expect(copied + left).toBe(counts.get(collection));
          expect(await db.collection(backup).countDocuments()).toBe(counts.get(collection));
          expect(await db.collection(`${collection}__left`).countDocuments()).toBe(left);
          expect(copied).toBeGreaterThan(5);
        }
        expect(report?.collections).toHaveLength(4);
        expect(report?.collections.some(({ left }) => left > 5)).toBe(true);
        const verifications = await verifyMigrated(depsOf(db), { ...INPUT, mapping: all });
        expect(verifications.flatMap(({ faults }) => faults)).toEqual([]);
      });
    });

    test("a tenant without a mapping stops it before anything changes", async () => {
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

    test("two at once: the second is refused; the lock of a dead process is taken over", async () => {
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

    test("rollback and migration again; cleanup removes the backups and keeps left documents", async () => {
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

    test("rollback and cleanup are refused while a server works; one that was killed is only waited for", async () => {
      await inDatabase(options, "served", async (db) => {
        await fillLegacy(db, { ...AMOUNT, shapes: ["camel"], metrics: 1 });
        await migrate(depsOf(db), INPUT);
        const before = await countsOf(db);
        const beats = db.collection<{ _id: string; count: number }>("heartbeats");
        await beats.insertOne({ _id: "a-server", count: 7 });
        const served = depsOf(db, {
          sleep: async () =>
            void (await beats.updateOne({ _id: "a-server" }, { $inc: { count: 1 } })),
        });
        for (const command of [rollback, cleanup]) {
          const refused = await rejection(command(served));
          expect(refused.message).toMatch(
            /server \(a-server\) works on the database .* Nothing has/,
          );
        }
        expect(await countsOf(db)).toEqual({ ...before, heartbeats: 1 });
        await rollback(depsOf(db));
        expect(await db.collection("test_runs").countDocuments()).toBeGreaterThan(0);
      });
    });

    test("interrupted at any rename, before or after it: the next start finishes", async () => {
      await inDatabase(options, "renames", async (db) => {
        for (let at = 0; at < 14; at += 1) {
          await fillLegacy(db, { ...AMOUNT, shapes: ["camel"], runs: 2, metrics: 1 });
          let left = Math.floor(at / 2);
          const breaking = new Proxy(db, {
            get: (target, name: keyof Db) => {
              if (name !== "renameCollection") {
                const own: unknown = target[name];
                return typeof own === "function" ? own.bind(target) : own;
              }
              return async (from: string, to: string) => {
                if (left === 0 && at % 2 === 0) throw new Error("killed");
                await target.renameCollection(from, to);
                if (left === 0) throw new Error("killed");
                left -= 1;
              };
            },
          });
          await expect(migrate(depsOf(breaking), INPUT)).rejects.toThrow("killed");
          await expect(openMongoStores({ ...options, database: db.databaseName })).rejects.toThrow(
            /not finished/,
          );
          expect(await migrate(depsOf(db), INPUT)).toMatchObject({ phase: "done" });
          const verifications = await verifyMigrated(depsOf(db), INPUT);
          expect(verifications.map(({ faultCount }) => faultCount)).toEqual([0, 0, 0, 0, 0, 0]);
          for (const { name } of await db.listCollections().toArray())
            await db.collection(name).drop();
        }
      });
    });

    test("a time series is copied to a plain backup, and dropped after that", async () => {
      await inDatabase(options, "series", async (db) => {
        await fillLegacy(db, { ...AMOUNT, shapes: ["camel"], runs: 7, metrics: 2 });
        const old = await db.collection("metrics_timeseries").find().sort({ _id: 1 }).toArray();
        // The server of the tests has none: an ordinary collection says that it is one.
        const said = new Proxy(db, {
          get: (target, name: keyof Db) => {
            const own: unknown = target[name];
            if (name !== "listCollections") {
              return typeof own === "function" ? own.bind(target) : own;
            }
            const toArray = async () =>
              (await target.listCollections().toArray()).map((one) =>
                one.name === "metrics_timeseries" ? { ...one, type: "timeseries" } : one,
              );
            return () => ({ toArray });
          },
        });
        const report = await migrate(depsOf(said), INPUT);
        const backup = report?.collections.find((one) => one.into === "metrics_timeseries")?.backup;
        expect(
          await db
            .collection(backup ?? "")
            .find()
            .sort({ _id: 1 })
            .toArray(),
        ).toEqual(old);
        const verifications = await verifyMigrated(depsOf(db), INPUT);
        expect(verifications.flatMap(({ faults }) => faults)).toEqual([]);
        await rollback(depsOf(db));
        const back = await db.collection("metrics_timeseries").find().sort({ _id: 1 }).toArray();
        expect(back).toEqual(old);
      });
    });

    test("with --keep-active runs keep their state; another mapping does not resume a migration", async () => {
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
        expect(error.message).toMatch(/started with a mapping other than/);
        const opened = openMongoStores({ ...options, database: db.databaseName });
        await expect(opened).rejects.toThrow(/not finished/);
        await db
          .collection<{ _id: string }>("migrations")
          .updateOne({ _id: "current" }, { $unset: { format: "" } });
        const refused = await rejection(migrate(depsOf(db), INPUT));
        expect(refused.message).toMatch(/another version .* format 1; this version writes 2/);
        await db
          .collection<{ _id: string }>("migrations")
          .updateOne({ _id: "current" }, { $set: { phase: "done" } });
        await db
          .collection<{ _id: string }>("store_meta")
          .updateOne({ _id: "schema" }, { $set: { version: 1 } });
        const earlier = openMongoStores({ ...options, database: db.databaseName });
        await expect(earlier).rejects.toThrow(/its format is 1.*migrate rollback/);
        await rollback(depsOf(db));
        const again = await migrate(depsOf(db), INPUT);
        expect(again).toBeDefined();
      });
    });
  });
});
