import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { rejection } from "../conformance/harness.ts";
import { CONTROL_MIGRATIONS, METRICS_MIGRATIONS, newestFormat } from "./migrations.ts";
import { openSqliteStores } from "./stores.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const newFolder = (): string => join(temporaryFolder(), "data");

describe("a data folder", () => {
  const withFormat = async (name: string, format: number): Promise<string> => {
    const dataDir = newFolder();
    await (await openSqliteStores({ dataDir })).close();
    const db = new Database(join(dataDir, name));
    db.pragma(`user_version = ${format}`);
    db.close();
    return dataDir;
  };

  test("of a newer program or from before the first format is refused and not changed, and the message names it", async () => {
    const newest = {
      "control.db": newestFormat(CONTROL_MIGRATIONS),
      "metrics.db": newestFormat(METRICS_MIGRATIONS),
    };
    for (const [name, known] of Object.entries(newest)) {
      const newer = await withFormat(name, 199);
      await expect(openSqliteStores({ dataDir: newer })).rejects.toThrow(
        `newer Load Manager: its format is 199, this program knows formats up to ${known}`,
      );
      for (const format of [1, 3, 99]) {
        const older = await withFormat(name, format);
        const error = await rejection(openSqliteStores({ dataDir: older }));
        expect(error).toMatchObject({
          kind: "unavailable",
          message: `The database ${name} in ${older} (store.dataDir) was made before the first format (its format is ${format}, the first is 100). Take another --data-dir.`,
        });
        const db = new Database(join(older, name));
        expect(db.pragma("user_version", { simple: true })).toBe(format);
        db.close();
      }
    }
  });

  test("is locked by one server, whose process id the message names, and free after it ends", async () => {
    const dataDir = newFolder();
    const first = await openSqliteStores({ dataDir });
    await expect(openSqliteStores({ dataDir })).rejects.toThrow(
      new RegExp(`in use by another Load Manager \\(process ${process.pid}\\)`),
    );
    await first.close();
    expect(existsSync(join(dataDir, "server.pid"))).toBe(false);
    await (await openSqliteStores({ dataDir })).close();
  });

  test("counts the operations that its metrics thread has not answered", async () => {
    const stores = await openSqliteStores({ dataDir: newFolder() });
    const reads = [1, 2, 3].map(() => stores.metrics.uncompacted(0));
    expect(stores.queueLength?.()).toBe(3);
    await Promise.all(reads);
    expect(stores.queueLength?.()).toBe(0);
    await stores.close();
  });

  test("keeps whatever was acknowledged when its process is killed", async () => {
    const dataDir = newFolder();
    const module = new URL("./stores.ts", import.meta.url).href;
    const program = `
      const { openSqliteStores } = await import(${JSON.stringify(module)});
      const stores = await openSqliteStores({ dataDir: ${JSON.stringify(dataDir)} });
      for (let seq = 1; ; seq += 1) {
        const row = { runId: "r", masterInstanceId: "b".repeat(32), seq, type: 2, second: seq, body: new Uint8Array(300) };
        await stores.metrics.append([row]);
        await stores.leases.beat("server", seq);
        process.stdout.write(seq + "\\n");
      }`;
    const file = `${dataDir}.mjs`;
    writeFileSync(file, program);
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        if (output.split("\n").length > 20) child.kill("SIGKILL");
      });
      child.on("exit", () => resolve());
    });
    const acknowledged = Number(output.trim().split("\n").at(-1));
    expect(acknowledged).toBeGreaterThan(15);
    const stores = await openSqliteStores({ dataDir });
    const rows = await stores.metrics.read("r");
    expect(rows.length).toBeGreaterThanOrEqual(acknowledged);
    expect((await stores.leases.heartbeats()).get("server")).toBeGreaterThanOrEqual(acknowledged);
    await stores.close();
  });

  test("names its server in a readable file", async () => {
    const dataDir = newFolder();
    const stores = await openSqliteStores({ dataDir });
    expect(readFileSync(join(dataDir, "server.pid"), "utf8")).toBe(`${process.pid}\n`);
    await stores.close();
  });
});
