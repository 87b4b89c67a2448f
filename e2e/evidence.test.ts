import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  eventsOf,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  ONE_LOCUST,
  processesWith,
  removeFolder,
  running,
  SCOPE,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";
import { startTarget, type Target, VISITS } from "./target.ts";

const RAISES = `
from locust import HttpUser, constant, task

class Visitor(HttpUser):
    wait_time = constant(1)

    def on_start(self):
        raise ValueError("no token for today")

    @task
    def visit(self):
        self.client.get("/visit")
`;

describe.each(ONE_LOCUST)("status and health of a run on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  let target: Target;
  let begun: string | undefined;
  beforeAll(async () => {
    server = await startServer({ python, dataDir });
  });
  beforeEach(async () => {
    target = await startTarget();
  });
  // A test that fails leaves its run; the next one needs its slot.
  afterEach(async () => {
    if (begun !== undefined) await stop(begun);
    begun = undefined;
    await target.close();
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  const begin = async (locustfile = VISITS) => {
    const body = { ...SCOPE, name: "Seen", targetUrl: target.url, locustfile };
    const loadTest = await server.client.createLoadTest({ body });
    const run = await server.client.createRun({
      params: { loadTestId: loadTest.id },
      body: { targetUsers: 4, spawnRate: 4, durationSeconds: 300, stopTimeoutSeconds: 1 },
    });
    begun = run.id;
    return run;
  };
  const pidOf = (role: string): number => {
    const found = processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).find((one) => one.role === role);
    if (found === undefined) throw new Error(`there is no ${role} process`);
    return found.pid;
  };
  const health = (runId: string, wanted: string, code: string | undefined, seconds: number) =>
    until(
      `health ${wanted}`,
      async () => {
        const run = await server.client.getRun({ params: { runId } });
        return run.health === wanted && run.healthReason?.code === code ? run : undefined;
      },
      seconds,
    );
  const typesOf = async (runId: string): Promise<string[]> =>
    (await eventsOf(server.client, runId)).map(({ type }) => type);
  const stop = async (runId: string) => {
    await server.client.stopRun({ params: { runId } });
    return settled(server.client, runId);
  };

  test("a killed master makes the run Failed within five seconds", async () => {
    const run = await begin();
    await running(server.client, run.id);
    const killed = Date.now();
    process.kill(pidOf("master"), "SIGKILL");
    const failed = await until(
      "the run's end",
      async () => {
        const now = await server.client.getRun({ params: { runId: run.id } });
        return now.status === "Failed" ? now : undefined;
      },
      5,
    );
    expect(failed.statusReason?.code).toBe("master_lost");
    expect(Date.now() - killed).toBeLessThan(5000);
    await settled(server.client, run.id);
  });

  test("a script that raises in on_start makes the run Failed with its message, before any timeout", async () => {
    const run = await begin(RAISES);
    const ended = await settled(server.client, run.id, 40);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "script_failed_on_start"]);
    expect(ended.statusReason?.message).toContain("ValueError: no token for today");
    const [error] = (await eventsOf(server.client, run.id)).filter(
      ({ type }) => type === "script_error",
    );
    expect(error?.data).toMatchObject({ message: "no token for today" });
    expect(error?.data?.["traceback"]).toContain("in on_start");
    expect(target.arrived()).toBe(0);
  });

  test("a silent master: health is unknown with its start time, and ok again when the master answers", async () => {
    const run = await begin();
    await running(server.client, run.id);
    const master = pidOf("master");
    process.kill(master, "SIGSTOP");
    const stopped = Date.now();
    const unknown = await health(run.id, "unknown", "master_unresponsive", 15);
    expect(unknown.status).toBe("Running");
    expect(unknown.healthReason?.since).toBeGreaterThan(stopped - 1500);
    process.kill(master, "SIGCONT");
    await health(run.id, "ok", undefined, 15);
    const events = await eventsOf(server.client, run.id);
    const event = events.find(({ type }) => type === "master_unresponsive");
    expect(event?.data?.["since"]).toBe(new Date(unknown.healthReason?.since ?? 0).toISOString());
    expect(events.findLast(({ type }) => type === "health")?.data).toEqual({
      health: "ok",
      was: "master_unresponsive",
    });
    expect((await stop(run.id)).status).toBe("Stopped");
  });

  test("a worker that is lost and comes back: health is degraded, then ok, with an event each", async () => {
    const run = await begin();
    await running(server.client, run.id);
    const before = (await typesOf(run.id)).length;
    const worker = pidOf("worker-2");
    process.kill(worker, "SIGSTOP");
    await health(run.id, "degraded", "workers_lost", 20);
    process.kill(worker, "SIGCONT");
    await health(run.id, "ok", undefined, 20);
    // The server polls the health, but events arrive with the metrics, a moment later.
    const seen = await until("the event", async () => {
      const types = (await typesOf(run.id)).slice(before);
      return types.includes("workers_back") ? types : undefined;
    });
    expect(seen.filter((type) => type.startsWith("workers_"))).toEqual([
      "workers_lost",
      "workers_back",
    ]);
    await stop(run.id);
  });

  test("a target that hangs: health is unknown after half a minute, and ok again with the next answer", async () => {
    const run = await begin();
    await running(server.client, run.id);
    target.hang();
    const unknown = await health(run.id, "unknown", "no_progress", 50);
    expect(unknown.status).toBe("Running");
    expect(await typesOf(run.id)).toContain("no_progress");
    target.answer();
    await health(run.id, "ok", undefined, 10);
    expect((await stop(run.id)).status).toBe("Stopped");
  });

  // It takes 90 s, so it runs on one version only.
  test.each(python === LOCUSTS[0]?.python ? ["no_requests"] : [])(
    "(%s) a run without a completed request is never Running, and ends as Failed",
    async () => {
      target.hang();
      const run = await begin();
      const before = Date.now();
      const ended = await settled(server.client, run.id, 130);
      expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "no_requests"]);
      expect(ended.startedAt).toBeUndefined();
      expect(Date.now() - before).toBeGreaterThan(85_000);
      const events = await eventsOf(server.client, run.id);
      const statuses = events.flatMap(({ type, data }) =>
        type === "status" ? [data?.["to"]] : [],
      );
      expect(statuses).toEqual(["Pending", "Starting", "Stopping", "Failed"]);
    },
  );
});
