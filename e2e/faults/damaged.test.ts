import { closeSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { LOCUSTS, running, settled, until } from "../harness.ts";
import { ALL_FAULTS, note, openWorld } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";

/** Overwrites the first page of the table of metrics. */
const damage = (file: string): void => {
  const db = new Database(file);
  db.pragma("wal_checkpoint(TRUNCATE)");
  const size = Number(db.pragma("page_size", { simple: true }));
  const table = db
    .prepare<[], { rootpage: number }>(
      "SELECT rootpage FROM sqlite_master WHERE name = 'metrics_timeseries'",
    )
    .get();
  db.close();
  if (table === undefined) throw new Error("the table is gone");
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.alloc(size, 0xee), 0, size, (table.rootpage - 1) * size);
  closeSync(handle);
};

describe.runIf(ALL_FAULTS)("a damaged metrics.db, on sqlite", () => {
  test("row 20: the active run can be stopped, its health says that metrics cannot be read, and the next run gets its slot", async () => {
    const world = await openWorld("sqlite", python);
    const server = await world.serve();
    const loadTestId = await world.define(server);
    const body = { targetUsers: 3, spawnRate: 3, durationSeconds: 300 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    await sleep(4000);
    await server.kill("SIGKILL");
    damage(join(world.dataDir, "metrics.db"));

    const { client } = await world.serve();
    const health = await until("health to say so", async () => {
      const { healthReason } = await client.getRun({ params: { runId: run.id } });
      return healthReason?.code === "metrics_unavailable" ? healthReason : undefined;
    });
    expect(health.message).toContain("damaged");
    const began = Date.now();
    const stopped = await client.stopRun({ params: { runId: run.id } });
    expect(stopped.status).toBe("Stopping");
    const shorter = { ...body, durationSeconds: 3 };
    const next = await client.createRun({ params: { loadTestId }, body: shorter });
    const ended = await settled(client, run.id, 120);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Stopped", "stopped_by_user"]);
    expect(ended.summary?.complete).toBe(false);
    const stoppedMs = (world.shop.lastAt(run.id) ?? 0) - began;
    expect(stoppedMs).toBeLessThan(15_000);
    expect(world.witness.of(run.id)).toBe(1);
    expect((await settled(client, next.id, 180)).status).not.toBe("Pending");
    expect(world.witness.of(next.id)).toBe(1);
    const recoveredMs = (ended.settledAt ?? 0) - began;
    note({ row: 20, fault: "a page of metrics.db is damaged", store: "sqlite", recoveredMs });
  });
});
