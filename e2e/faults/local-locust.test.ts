import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { eventsOf, LOCUSTS, processesWith, running, type Server, until } from "../harness.ts";
import { ALL_FAULTS, note, openWorld, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";

/** Fakes Locust's reading of its own CPU use, since a test cannot keep a core of a busy machine full. */
const BUSY = `

import psutil
from locust.runners import WorkerRunner


@events.test_start.add_listener
def seem_busy(environment, **_kwargs):
    if isinstance(environment.runner, WorkerRunner):
        psutil.Process.cpu_percent = lambda *_: 97.0
`;

/** These tests kill or pause processes of one run, found by its folder. */
describe.runIf(ALL_FAULTS).each(STORES)("a local Locust with faults, on %s", (store) => {
  const begin = async (durationSeconds = 30) => {
    const world = await openWorld(store, python);
    const server = await world.serve();
    const loadTestId = await world.define(server);
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    const processes = processesWith(`LOAD_MANAGER_RUN_DIR=${world.dataDir}`);
    const pid = (role: string): number => processes.find((one) => one.role === role)?.pid ?? 0;
    return { world, server, run, pid };
  };
  const healthOf = async (server: Server, runId: string) =>
    (await server.client.getRun({ params: { runId } })).health;
  const untilHealth = (server: Server, runId: string, health: string) =>
    until(
      `health ${health}`,
      async () => ((await healthOf(server, runId)) === health ? true : undefined),
      30,
    );

  test("row 10: the master is killed", async () => {
    const { world, server, run, pid } = await begin();
    process.kill(pid("master"), "SIGKILL");
    const killed = Date.now();
    await until("the end", async () => {
      const { status } = await server.client.getRun({ params: { runId: run.id } });
      return status === "Failed" ? true : undefined;
    });
    const detectedMs = Date.now() - killed;
    expect(detectedMs).toBeLessThan(5000);
    await world.verify(server, run.id, { status: "Failed", code: "master_lost", exact: false });
    note({ row: 10, fault: "master killed", store, detectedMs, recoveredMs: Date.now() - killed });
  });

  test("row 12: the master hangs for a while", async () => {
    const { world, server, run, pid } = await begin();
    process.kill(pid("master"), "SIGSTOP");
    const stopped = Date.now();
    await untilHealth(server, run.id, "unknown");
    const detectedMs = Date.now() - stopped;
    await sleep(Math.max(0, 12_000 - detectedMs));
    process.kill(pid("master"), "SIGCONT");
    const back = Date.now();
    await untilHealth(server, run.id, "ok");
    const recoveredMs = Date.now() - back;
    await world.verify(server, run.id, { status: "Finished" });
    note({ row: 12, fault: "master hangs for 12 s (SIGSTOP)", store, detectedMs, recoveredMs });
  });

  test("row 12: the master hangs across the deadline", async () => {
    const { world, server, run, pid } = await begin(15);
    process.kill(pid("master"), "SIGSTOP");
    // The workers end the load by themselves, without a message from the master.
    const ended = await world.verify(server, run.id, {
      status: "Finished",
      code: "duration_reached",
      exact: false,
    });
    const deadline = (ended.startedAt ?? 0) + 15_000;
    const outlivedMs = (world.shop.lastAt(run.id) ?? 0) - deadline;
    expect(outlivedMs).toBeLessThan(14_000);
    const types = (await eventsOf(server.client, run.id)).map(({ type }) => type);
    expect(types).toContain("stop_forced_term");
    expect(types).toContain("stop_forced_kill");
    note({
      row: 12,
      fault: "master hangs across the deadline (SIGSTOP)",
      store,
      recoveredMs: (ended.settledAt ?? 0) - deadline,
    });
  });

  test("row 13: a worker is killed", async () => {
    const { world, server, run, pid } = await begin(20);
    process.kill(pid("worker-1"), "SIGKILL");
    const killed = Date.now();
    await untilHealth(server, run.id, "degraded");
    const detectedMs = Date.now() - killed;
    expect(detectedMs).toBeLessThan(8000);
    const ended = await world.verify(server, run.id, { status: "Finished", exact: false });
    expect(ended.summary?.complete).toBe(false);
    note({ row: 13, fault: "a worker is killed", store, detectedMs });
  });

  test("row 14: all workers are killed", async () => {
    const { world, server, run, pid } = await begin();
    for (const role of ["worker-1", "worker-2"]) process.kill(pid(role), "SIGKILL");
    const killed = Date.now();
    await world.verify(server, run.id, { status: "Failed", code: "no_workers", exact: false });
    note({ row: 14, fault: "all workers are killed", store, detectedMs: Date.now() - killed });
  });

  test("row 15: the workers start late", async () => {
    const world = await openWorld(store, python);
    const server = await world.serve();
    const loadTestId = await world.define(server);
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 5 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    const workers = await until("both workers", () => {
      const found = processesWith(`LOAD_MANAGER_RUN_DIR=${world.dataDir}`).filter(({ role }) =>
        role?.startsWith("worker"),
      );
      return found.length === 2 ? found : undefined;
    });
    for (const { pid } of workers) process.kill(pid, "SIGSTOP");
    await sleep(12_000);
    expect((await server.client.getRun({ params: { runId: run.id } })).status).toBe("Starting");
    for (const { pid } of workers) process.kill(pid, "SIGCONT");
    await world.verify(server, run.id, { status: "Finished" });
    const [late] = (await eventsOf(server.client, run.id)).filter(
      ({ type }) => type === "workers_late",
    );
    expect(late?.data?.["waitedSeconds"]).toBeGreaterThan(10);
    expect(late?.data?.["workers"]).toBe(2);
    note({ row: 15, fault: "workers asleep for 12 s at the start", store });
  });

  test("a saturated load generator has an event, and health shows it", async () => {
    const world = await openWorld(store, python);
    const server = await world.serve({
      config: `${world.storeConfig()}locustClusters: [{ id: here, kind: local, workers: 1 }]\n`,
    });
    const loadTestId = await world.define(server, { locustfile: world.locustfile + BUSY });
    const body = { targetUsers: 4, spawnRate: 4, durationSeconds: 60 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    const { healthReason } = await until(
      "health degraded",
      async () => {
        const seen = await server.client.getRun({ params: { runId: run.id } });
        return seen.health === "degraded" ? seen : undefined;
      },
      100,
    );
    expect(healthReason?.code).toBe("generator_saturated");
    const event = await until("its event", async () =>
      (await eventsOf(server.client, run.id)).find(({ type }) => type === "generator_saturated"),
    );
    expect(event.data?.["cpuPercent"]).toBeGreaterThanOrEqual(90);
    await server.client.stopRun({ params: { runId: run.id } });
    await world.verify(server, run.id, { status: "Stopped" });
  });

  test("row 28: the server's event loop stands still for 20 s", async () => {
    const world = await openWorld(store, python);
    const server = await world.serve({ failpoint: "Running.after:stall" });
    const loadTestId = await world.define(server);
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 30 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    await world.verify(server, run.id, { status: "Finished" });
    note({ row: 28, fault: "event loop stands still for 20 s", store });
  });

  test("row 6: orphan processes of a run that is not in the store are ended, and no others", async () => {
    const { world, server, run, pid } = await begin(60);
    await server.kill("SIGKILL");
    // The run is deleted from the store, so its processes are orphans.
    const other = await openWorld(store, python);
    const foreign = await other.serve();
    const foreignTest = await other.define(foreign);
    const body = { targetUsers: 2, spawnRate: 2, durationSeconds: 12 };
    const safe = await foreign.client.createRun({ params: { loadTestId: foreignTest }, body });
    await running(foreign.client, safe.id);
    await world.forget(run.id);
    await world.serve();
    const started = Date.now();
    await until("the end of the orphan processes", () =>
      processesWith(`LOAD_MANAGER_RUN_DIR=${world.dataDir}`).length === 0 ? true : undefined,
    );
    expect(pid("master")).toBeGreaterThan(0);
    expect(run.id).not.toBe(safe.id);
    await other.verify(foreign, safe.id, { status: "Finished" });
    note({
      row: 6,
      fault: "orphan processes of a run that is not in the store",
      store,
      recoveredMs: Date.now() - started,
    });
  });
});
