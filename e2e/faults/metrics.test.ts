import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { describe, expect, test } from "vitest";
import { LOCUSTS, running, type Server, until } from "../harness.ts";
import { begin, openAttached } from "./attached.ts";
import { startReplayProxy } from "./replay-proxy.ts";
import { ALL_FAULTS, note, openWorld, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const KILLS = 10;

/** Every answer with metrics of a run. */
const everything = async ({ client }: Server, runId: string) => ({
  summary: await client.getRunSummary({ params: { runId } }),
  requests: await client.getRunRequests({ params: { runId } }),
  graph: await client.getRunGraph({ params: { runId } }),
  failures: await client.listRunFailures({ params: { runId } }),
});

describe.runIf(ALL_FAULTS).each(STORES)("metrics on their way to the store, on %s", (store) => {
  test("row 16: batches arrive repeatedly and in another order", async () => {
    let proxy: Awaited<ReturnType<typeof startReplayProxy>> | undefined;
    const at = await openAttached(store, {
      before: async (port) => (proxy = await startReplayProxy(port)),
    });
    if (proxy === undefined) throw new Error("there is no proxy");
    const run = await begin(at, 25);
    await running(at.server.client, run.id);
    await sleep(23_000);
    await proxy.settle();
    const ended = await at.world.verify(at.server, run.id, { status: "Finished" });
    expect(ended.summary?.complete).toBe(true);
    for (const times of Object.values(proxy.done)) expect(times).toBeGreaterThan(1);
    const before = await everything(at.server, run.id);
    const statuses = await proxy.replay();
    expect(statuses.length).toBeGreaterThan(10);
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await everything(at.server, run.id)).toEqual(before);
    await at.world.verify(at.server, run.id, { status: "Finished" });
    note({ row: 16, fault: "batches repeated and reordered, then all sent once more", store });
  });

  test("row 22: the server is killed repeatedly while it stores metrics", async () => {
    const world = await openWorld(store, python);
    let server = await world.serve();
    const port = Number(new URL(server.address).port);
    const loadTestId = await world.define(server);
    // Longer than the starts of the server take on a busy machine: it is stopped below.
    const body = { targetUsers: 20, spawnRate: 20, durationSeconds: 300 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(700 + kill * 130);
      await server.kill("SIGKILL");
      server = await world.serve({ port });
    }
    const back = Date.now();
    const total = async () =>
      (await server.client.getRunSummary({ params: { runId: run.id } })).totalRequests ?? 0;
    const then = await total();
    await until("new metrics", async () => ((await total()) > then ? true : undefined));
    const recoveredMs = Date.now() - back;
    await server.client.stopRun({ params: { runId: run.id } });
    const ended = await world.verify(server, run.id, { status: "Stopped" });
    expect(ended.summary?.complete).toBe(true);
    if (store === "sqlite") {
      await server.kill("SIGTERM");
      for (const file of ["control.db", "metrics.db"]) {
        const db = new Database(join(world.dataDir, file), { fileMustExist: true });
        expect(db.pragma("integrity_check")).toEqual([{ integrity_check: "ok" }]);
        db.close();
      }
    }
    note({ row: 22, fault: `killed ${KILLS} times while it stores metrics`, store, recoveredMs });
  });
});
