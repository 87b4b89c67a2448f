import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { answersOf, fill } from "../testing/copy-fixtures.ts";
import { rejection } from "../conformance/harness.ts";
import { CONTROL_MIGRATIONS, newestFormat } from "../sqlite/migrations.ts";
import { openSqliteStores } from "../sqlite/stores.ts";
import { backup } from "./backup.ts";
import { restore } from "./restore.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const root = temporaryFolder();
let names = 0;
const fresh = (): string => join(root, String((names += 1)));
const NOW = Date.UTC(2026, 10, 24, 1, 2, 3);

const backupOf = (dataDir: string, file = `${fresh()}.tar`, force = false) =>
  backup({ dataDir, file, force, version: "1.2.3", now: NOW, onProgress: () => {} });
const restoreTo = (file: string, dataDir: string, force = false) =>
  restore({ file, dataDir, force, now: NOW });
const failure = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return String(error);
  }
  return "nothing";
};

const filled = async () => {
  const dataDir = fresh();
  const stores = await openSqliteStores({ dataDir });
  const { runIds, loadTest } = await fill(stores, 2);
  return { dataDir, stores, runIds, loadTest };
};

/** A process that stores a record and then its seq in control.db, in the same order as a run's metrics and its settling. */
const program = (dataDir: string): string => `
  const { openSqliteStores } = await import(${JSON.stringify(new URL("../sqlite/stores.ts", import.meta.url).href)});
  const stores = await openSqliteStores({ dataDir: ${JSON.stringify(dataDir)} });
  for (let seq = 1; ; seq += 1) {
    const row = { runId: "r", masterInstanceId: "b".repeat(32), seq, type: 2, second: seq, body: new Uint8Array(3000) };
    await stores.metrics.append([row]);
    await stores.leases.beat("settled", seq);
    process.stdout.write(seq + "\\n");
  }`;

const started = async (child: ChildProcess, until: RegExp): Promise<string> => {
  let output = "";
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (until.test(output)) resolve(output);
    });
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`it ended with ${code}: ${output}`)));
  });
};

const stopped = (child: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    child.removeAllListeners("exit");
    child.on("exit", () => resolve());
    child.kill(signal);
  });

describe("a backup", () => {
  test("taken while a server writes is consistent", async () => {
    const dataDir = fresh();
    const file = `${fresh()}.mjs`;
    writeFileSync(file, program(dataDir));
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    await started(child, /\n300\n/);
    let before = 0;
    for (let round = 0; round < 4; round += 1) {
      const saved = await backupOf(dataDir);
      const target = fresh();
      restoreTo(saved.file, target);
      const stores = await openSqliteStores({ dataDir: target });
      const settled = (await stores.leases.heartbeats()).get("settled") ?? 0;
      const rows = await stores.metrics.read("r");
      expect(settled).toBeGreaterThan(before);
      expect(rows.length).toBeGreaterThanOrEqual(settled);
      expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, index) => index + 1));
      before = settled;
      await stores.close();
    }
    await stopped(child, "SIGKILL");
    expect(readdirSync(root).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("can be restored: a server starts on it, and every answer is the same", async () => {
    const { dataDir, stores, runIds, loadTest } = await filled();
    const { file, manifest } = await backupOf(dataDir);
    expect(manifest).toMatchObject({ version: "1.2.3", createdAt: "2026-11-24T01:02:03.000Z" });
    await stores.loadTests.update(loadTest.id, 1, { name: "after the backup" });
    const target = fresh();
    mkdirSync(target);
    expect(restoreTo(file, target).aside).toBeUndefined();
    const restored = await openSqliteStores({ dataDir: target });
    expect(await restored.loadTests.get(loadTest.id)).toEqual(loadTest);
    for (const runId of runIds) {
      expect(await answersOf(restored, runId)).toEqual(await answersOf(stores, runId));
      expect(await restored.events.after(runId, 0, 10)).toEqual(
        await stores.events.after(runId, 0, 10),
      );
    }
    expect(Buffer.from((await restored.revisions.content("sha2")) ?? [])).toEqual(
      Buffer.from((await stores.revisions.content("sha2")) ?? []),
    );
    await stores.close();
    await restored.close();
    const cli = fileURLToPath(new URL("../../../../cli/bin/load-manager.js", import.meta.url));
    const answers: unknown[] = [];
    for (const folder of [dataDir, target]) {
      const child = spawn(process.execPath, [cli, "serve", "--port", "0", "--data-dir", folder], {
        cwd: root,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const address = /http:\S+?(?=\s)/.exec(await started(child, /is ready: .*\n/))?.[0] ?? "";
      const paths = [`runs/${runIds[0]}/summary`, `runs/${runIds[1]}/requests`, "runs?limit=10"];
      const bodies: unknown[] = [];
      for (const path of paths) {
        const answer = await fetch(`${address}/v1/${path}`);
        bodies.push([answer.status, await answer.json()]);
      }
      answers.push(bodies);
      await stopped(child, "SIGTERM");
    }
    expect(answers[0]).toMatchObject([
      [200, {}],
      [200, {}],
      [200, {}],
    ]);
    expect(answers[1]).toEqual(answers[0]);
  });

  test("is a tar file that replaces another only with force; without data there is none", async () => {
    const { dataDir, stores } = await filled();
    const { file } = await backupOf(dataDir);
    const bytes = readFileSync(file);
    expect(bytes.toString("latin1", 0, 13)).toBe("manifest.json");
    expect(String(await rejection(backupOf(dataDir, file)))).toContain("exists already; --force");
    expect(readFileSync(file)).toEqual(bytes);
    await backupOf(dataDir, file, true);
    await stores.close();
    await backupOf(dataDir, file, true);
    expect(String(await rejection(backupOf(fresh())))).toContain(
      "There is no data of Load Manager",
    );
    expect(String(await rejection(backupOf(dataDir, "/nowhere/at/all")))).toContain("no folder");
  });

  test("of a damaged database is not made", async () => {
    const { dataDir, stores } = await filled();
    await stores.close();
    const bytes = readFileSync(join(dataDir, "metrics.db"));
    bytes.fill(0xee, 16_384 * 3, 16_384 * 12);
    writeFileSync(join(dataDir, "metrics.db"), bytes);
    const file = `${fresh()}.tar`;
    expect(String(await rejection(backupOf(dataDir, file)))).toMatch(/damaged/);
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(root).filter((name) => name.endsWith(".part"))).toEqual([]);
  });
});

describe("a restore", () => {
  test("of a wrong, damaged or newer file says so and changes nothing", async () => {
    const { dataDir, stores } = await filled();
    const { file } = await backupOf(dataDir);
    await stores.close();
    const bytes = readFileSync(file);
    const target = fresh();
    const refusal = (change: (copy: Buffer) => Buffer): string => {
      const wrong = `${fresh()}.tar`;
      writeFileSync(wrong, change(Buffer.from(bytes)));
      return failure(() => restoreTo(wrong, target));
    };
    const replaced = (from: string, to: string) => (copy: Buffer) => {
      copy.write(to, copy.indexOf(from), "latin1");
      return copy;
    };
    const newest = newestFormat(CONTROL_MIGRATIONS);
    expect(refusal(() => Buffer.from("hello"))).toContain("is no backup of Load Manager");
    expect(refusal((copy) => copy.subarray(0, 200_000))).toContain("not all of one");
    expect(refusal((copy) => copy.fill(7, 300_000, 300_001))).toContain(
      "metrics.db in it is damaged",
    );
    expect(refusal(replaced('"format": 1', '"format": 7'))).toContain("newer Load Manager");
    expect(refusal(replaced(`"schema": ${newest}`, '"schema": 999'))).toContain(
      "newer Load Manager (1.2.3)",
    );
    expect(refusal(replaced(`"schema": ${newest}`, '"schema":   3'))).toContain(
      "before the first format",
    );
    expect(refusal(replaced("load-manager backup", "some-other one.. .."))).toContain("not one of");
    expect(failure(() => restoreTo(root, target))).toContain("is no backup");
    expect(failure(() => restoreTo(join(root, "nope"), target))).toContain("cannot be read");
    expect(existsSync(target)).toBe(false);
  });

  test("goes into an empty folder only; with force it moves the existing files aside", async () => {
    const { dataDir, stores, loadTest } = await filled();
    const { file } = await backupOf(dataDir);
    expect(failure(() => restoreTo(file, dataDir, true))).toContain("in use by another");
    await stores.loadTests.update(loadTest.id, 1, { name: "newer" });
    await stores.close();
    mkdirSync(join(dataDir, "runs"));
    expect(failure(() => restoreTo(file, dataDir))).toMatch(/is not empty: it holds .*control\.db/);
    const { aside } = restoreTo(file, dataDir, true);
    expect(aside).toBe(join(dataDir, "replaced-20261124-010203"));
    expect(readdirSync(aside ?? "")).toEqual(
      expect.arrayContaining(["control.db", "metrics.db", "runs"]),
    );
    const [now, then] = [
      await openSqliteStores({ dataDir }),
      await openSqliteStores({ dataDir: aside ?? "" }),
    ];
    expect((await now.loadTests.get(loadTest.id))?.name).toBe(loadTest.name);
    expect((await then.loadTests.get(loadTest.id))?.name).toBe("newer");
    await now.close();
    await then.close();
  });

  test("that was interrupted keeps servers from starting, and the same command completes it", async () => {
    const { dataDir, stores, loadTest } = await filled();
    const { file } = await backupOf(dataDir);
    await stores.close();
    // As after a kill: half of the files were moved aside, and a file is partly written.
    const aside = join(dataDir, "replaced-1");
    mkdirSync(aside);
    writeFileSync(join(aside, "control.db"), "older");
    rmSync(join(dataDir, "control.db"));
    const mark = { what: "restore", source: file, command: "store restore …", aside: "replaced-1" };
    const markFile = join(dataDir, "unfinished.json");
    writeFileSync(markFile, JSON.stringify({ ...mark, cleared: false }));
    expect(String(await rejection(openSqliteStores({ dataDir })))).toMatch(
      /part of a restore of .*store restore …/,
    );
    expect(restoreTo(file, dataDir).aside).toBe(aside);
    expect(readdirSync(aside).toSorted()).toEqual(
      expect.arrayContaining(["control.db", "metrics.db"]),
    );
    expect(readFileSync(join(aside, "control.db"), "utf8")).toBe("older");
    writeFileSync(markFile, JSON.stringify({ ...mark, cleared: true }));
    writeFileSync(join(dataDir, "metrics.db"), "half");
    restoreTo(file, dataDir);
    const again = await openSqliteStores({ dataDir });
    expect(await again.loadTests.get(loadTest.id)).toEqual(loadTest);
    await again.close();
    const db = new Database(join(dataDir, "metrics.db"));
    expect(db.pragma("integrity_check", { simple: true })).toBe("ok");
    db.close();
  });
});
