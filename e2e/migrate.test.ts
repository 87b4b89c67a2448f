import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Db, MongoClient } from "mongodb";
import { afterEach, describe, expect, test } from "vitest";
import {
  type Amount,
  fillLegacy,
  type Shape,
  SHAPES,
} from "../legacy-import/src/testing/legacy-fixtures.ts";
import { readState } from "../legacy-import/src/state/state.ts";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";

/** `npm run test:migrate` is the long form: more than 10^5 documents mixed, as many again of each shape alone. */
const LONG = process.env["LOAD_MANAGER_MIGRATE"] === "long";
const MONGO = process.env["LOAD_MANAGER_TEST_MONGODB_URI"];
const CLI = join(import.meta.dirname, "../cli/bin/load-manager.js");
const MAPPING = `tenants:
  acme: { accountId: acc123, orgId: org456, projectId: proj789 }
patterns:
  - { match: "team-*", accountId: acc123, orgId: "$1", projectId: "\${projectId}" }
`;
const MIXED: Amount = LONG
  ? { shapes: SHAPES, tests: 300, runs: 1800, metrics: 5, malformed: 30 }
  : { shapes: SHAPES, tests: 2, runs: 7, metrics: 3, malformed: 3 };
const ALONE: Omit<Amount, "shapes"> = LONG
  ? { tests: 300, runs: 1800, metrics: 5, malformed: 30 }
  : { tests: 2, runs: 60, metrics: 3, malformed: 3 };

/** When the process is killed: after this share of a collection, or as soon as this phase begins. */
type Moment = { readonly job?: string; readonly share?: number; readonly phase?: string };
const KILLS: readonly Moment[] = [
  { job: "load_test_runs", share: 0.4 },
  { job: "metrics_timeseries", share: 0.5 },
  { job: "metric_records", share: 0.4 },
  { job: "load_tests", share: 0.01 },
  { phase: "swap" },
];

describe.runIf(MONGO !== undefined)("load-manager migrate, killed with kill -9", () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "mapping.yaml"), MAPPING);
  const closers: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
    rmSync(join(folder, "report.json"), { force: true });
  });

  const open = async (name: string): Promise<Db> => {
    const client = new MongoClient(MONGO ?? "", { connectTimeoutMS: 300_000 });
    const db = client.db(`load_manager_e2e_migrate_${process.pid}_${name.replace("-", "_")}`);
    closers.push(async () => {
      await db.dropDatabase();
      await client.close();
    });
    return db;
  };

  const start = (
    db: Db,
    ...more: readonly string[]
  ): { child: ChildProcess; said: () => string } => {
    const child = spawn(process.execPath, [
      CLI,
      "migrate",
      ...["--uri", MONGO ?? "", "--database", db.databaseName],
      ...["--mapping", join(folder, "mapping.yaml"), "--report", join(folder, "report.json")],
      ...more,
    ]);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => (said += text));
    }
    return { child, said: () => said };
  };

  const ended = async (
    run: ReturnType<typeof start>,
  ): Promise<{ code: number | null; said: string }> => {
    const { child } = run;
    if (child.exitCode === null && child.signalCode === null) {
      await new Promise((resolve) => {
        child.on("close", resolve);
      });
    }
    return { code: child.exitCode, said: run.said() };
  };

  const isThere = async (
    db: Db,
    { job, share = 0, phase }: Moment,
    total: number,
  ): Promise<boolean> => {
    const state = await readState(db);
    if (phase !== undefined) return state?.phase === phase;
    const done = state?.jobs[job ?? ""];
    return done !== undefined && done.copied + done.left >= share * total;
  };

  /** Kills the migration at that moment. Returns false if it had ended before. */
  const killAt = async (db: Db, where: Moment, total: number): Promise<boolean> => {
    const run = start(db);
    while (run.child.exitCode === null) {
      if (await isThere(db, where, total)) {
        run.child.kill("SIGKILL");
        await ended(run);
        return run.child.signalCode === "SIGKILL";
      }
      await sleep(2);
    }
    expect((await ended(run)).said).toMatch(/is migrated/);
    return false;
  };

  const countsOf = async (db: Db): Promise<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const { name } of await db.listCollections().toArray())
      counts[name] = await db.collection(name).countDocuments();
    return counts;
  };

  const run = async (db: Db, amount: Amount, kills: readonly Moment[]): Promise<number> => {
    const documents = await fillLegacy(db, amount);
    const before = await countsOf(db);
    const began = performance.now();
    let killed = 0;
    for (const where of kills) {
      const source = where.job === "metric_records" ? "metrics_timeseries" : (where.job ?? "");
      if (await killAt(db, where, before[source] ?? 0)) killed += 1;
    }
    const last = await ended(start(db));
    expect(last.said).toMatch(
      killed === kills.length ? /is migrated/ : /is migrated|Nothing to do/,
    );
    expect(last.code).toBe(0);
    const seconds = (performance.now() - began) / 1000;
    const report = JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as {
      collections: { collection: string; copied: number; left: number }[];
    };
    const sum = report.collections.reduce((total, { copied, left }) => total + copied + left, 0);
    expect(sum).toBe(documents);
    for (const { collection, copied, left } of report.collections) {
      expect(copied + left).toBe(before[collection]);
    }
    const verified = await ended(start(db, "--verify"));
    expect(verified.said).toMatch(/The verification found no faults/);
    expect(verified.code).toBe(0);
    const after = await countsOf(db);
    const again = await ended(start(db));
    expect(again.said).toMatch(/Nothing to do/);
    expect(await countsOf(db)).toEqual(after);
    process.stderr.write(
      `${documents} documents, ${killed} times killed: ${seconds.toFixed(0)} s (${amount.shapes.join(", ")})\n`,
    );
    return killed;
  };

  test(
    "all shapes mixed in one database, killed five times during the migration",
    { timeout: 5_400_000 },
    async () => {
      const killed = await run(await open("mixed"), MIXED, KILLS);
      // The short form may end before the kill.
      if (LONG) expect(killed).toBe(KILLS.length);
    },
  );

  const alone: readonly Shape[] = LONG ? SHAPES : [];
  test.each(alone)("%s alone, killed once", { timeout: 1_800_000 }, async (shape) => {
    const kills = LONG ? [KILLS[(SHAPES.indexOf(shape) * 2) % 5] ?? {}] : [];
    await run(await open(shape), { ...ALONE, shapes: [shape] }, kills);
  });

  test(
    "two at the same time: the second is refused, and the first goes on",
    { timeout: 120_000 },
    async () => {
      const db = await open("two");
      await fillLegacy(db, { ...ALONE, shapes: ["camel"], runs: 60, metrics: 3 });
      const first = start(db);
      while (first.child.exitCode === null && !(await isThere(db, { phase: "copy" }, 0)))
        await sleep(2);
      const second = await ended(start(db));
      const done = await ended(first);
      expect(done.said).toMatch(/is migrated/);
      expect(second.said).toMatch(/Another migration of this database is running|Nothing to do/);
    },
  );
});
