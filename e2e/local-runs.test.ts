import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  LOCUSTFILE,
  newFolder,
  processesWith,
  removeFolder,
  running,
  type Server,
  settled,
  startServer,
  until,
  WITH_DEBIANS,
} from "./harness.ts";

describe.each(WITH_DEBIANS)("a local cluster on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  let shop: Shop;
  let loadTestId: string;
  beforeAll(async () => {
    shop = await startShop();
    server = await startServer({ python, dataDir });
    loadTestId = await defineShop(server.client, shop.url);
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });
  const params = () => ({ loadTestId });

  test("15 s with 20 users: Finished, and the totals of every endpoint are equal to the shop's", async () => {
    const body = { targetUsers: 20, spawnRate: 10, durationSeconds: 15 };
    const { client } = server;
    const run = await client.createRun({ params: params(), body });
    const ended = await settled(client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
    const summary = await client.getRunSummary({ params: { runId: run.id } });
    expect(summary.totalRequests).toBeGreaterThan(500);
    expect(summary.complete).toBe(true);
    expect(summary.gaps).toEqual([]);
    expect(summary.maxUsers).toBe(20);
    expect(summary.durationMs).toBeGreaterThan(14_500);
    expect(summary.durationMs).toBeLessThan(16_500);
    // The shop answers each endpoint in a known time of 10 to 80 ms.
    expect(summary.minResponseMs).toBeGreaterThan(9);
    expect(summary.p50ResponseMs).toBeGreaterThan(14);
    expect(ended.engine?.workers).toBe(2);
    const loadTest = await client.getLoadTest({ params: params() });
    expect(loadTest.recentRuns[0]).toMatchObject({
      id: run.id,
      totalRequests: summary.totalRequests,
    });
    expectNoProcesses(dataDir);
  });

  test("stopped during ramp-up: Stopped, no user is left, and the totals are equal to the shop's", async () => {
    const body = { targetUsers: 200, spawnRate: 5, durationSeconds: 120 };
    const { client } = server;
    const run = await client.createRun({ params: params(), body });
    await running(client, run.id);
    await until("some users", async () => {
      const { lastMetrics } = await client.getRun({ params: { runId: run.id } });
      return (lastMetrics?.currentUsers ?? 0) > 5 ? true : undefined;
    });
    const stopping = await client.stopRun({
      params: { runId: run.id },
      body: { reason: "enough" },
    });
    expect(stopping.status).toBe("Stopping");
    const ended = await settled(client, run.id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Stopped", "stopped_by_user"]);
    expect(ended.statusReason?.message).toContain("enough");
    expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
    expectNoProcesses(dataDir);
    const again = await client.stopRun({ params: { runId: run.id } });
    expect(again.status).toBe("Stopped");
  });

  test("one worker killed: health is degraded, and at most one report is missing from the totals", async () => {
    const body = { targetUsers: 20, spawnRate: 20, durationSeconds: 14 };
    const { client } = server;
    const run = await client.createRun({ params: params(), body });
    await running(client, run.id);
    await until("some requests", () => {
      const total = Object.values(shop.counts(run.id)).reduce(
        (sum, one) => sum + (one.requests ?? 0),
        0,
      );
      return total > 200 ? true : undefined;
    });
    const worker = processesWith(`LOAD_MANAGER_RUN_DIR=${dataDir}`).find(
      ({ role }) => role === "worker-2",
    );
    process.kill(worker?.pid ?? 0, "SIGKILL");
    const degraded = await until(
      "the loss to be noticed",
      async () => {
        const { health } = await client.getRun({ params: { runId: run.id } });
        return health === "degraded" ? health : undefined;
      },
      15,
    );
    expect(degraded).toBe("degraded");
    const ended = await settled(client, run.id);
    expect(ended.status).toBe("Finished");
    const ours = Object.values(await counted(client, run.id)).reduce(
      (sum, one) => sum + (one.requests ?? 0),
      0,
    );
    const theirs = Object.values(shop.counts(run.id)).reduce(
      (sum, one) => sum + (one.requests ?? 0),
      0,
    );
    expect(ours).toBeLessThanOrEqual(theirs);
    // At most the requests of one worker between two reports are missing.
    expect(theirs - ours).toBeLessThan(150);
    const summary = await client.getRunSummary({ params: { runId: run.id } });
    expect(summary.workers).toEqual({ expected: 2, lost: 1 });
    expect(summary.complete).toBe(false);
    expect((await eventsOf(client, run.id)).map(({ type }) => type)).toContain("workers_lost");
    expectNoProcesses(dataDir);
  });

  test("users are changed during a run, and a second run waits", async () => {
    const { client } = server;
    const body = { targetUsers: 4, spawnRate: 10, durationSeconds: 300 };
    const first = await client.createRun({ params: params(), body });
    await running(client, first.id);
    const second = await client.createRun({
      params: params(),
      body: { ...body, durationSeconds: 3 },
    });
    const waiting = await until("the second run's reason", async () => {
      const run = await client.getRun({ params: { runId: second.id } });
      return run.statusReason;
    });
    expect(waiting).toMatchObject({ code: "cluster_busy", runId: first.id, position: 1 });
    await client.changeRunLoad({
      params: { runId: first.id },
      body: { targetUsers: 9, spawnRate: 10 },
    });
    await until("nine users", async () => {
      const { lastMetrics } = await client.getRun({ params: { runId: first.id } });
      return lastMetrics?.currentUsers === 9 ? true : undefined;
    });
    await client.stopRun({ params: { runId: first.id } });
    expect((await settled(client, first.id)).status).toBe("Stopped");
    expect((await settled(client, second.id)).status).toBe("Finished");
    expect(await counted(client, first.id)).toEqual(shop.counts(first.id));
    expect(await counted(client, second.id)).toEqual(shop.counts(second.id));
  });

  test("a script without a User class fails in seconds, with Locust's own message", async () => {
    const { client } = server;
    const id = await defineShop(client, shop.url, {
      locustfile: "import locust\nprint('hello')\n",
    });
    const run = await client.createRun({
      params: { loadTestId: id },
      body: { durationSeconds: 5 },
    });
    const ended = await settled(client, run.id, 20);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "no_user_class"]);
    expect(ended.statusReason?.logTail?.join("\n")).toContain("No User class found");
    expectNoProcesses(dataDir);
  });

  test("a load shape of the script is switched off, with an event", async () => {
    const { client } = server;
    const shape =
      "\n\nfrom locust import LoadTestShape\n\nclass Wild(LoadTestShape):\n    def tick(self):\n        return (50, 50)\n";
    const id = await defineShop(client, shop.url, { locustfile: LOCUSTFILE + shape });
    const body = { targetUsers: 3, spawnRate: 3, durationSeconds: 4 };
    const run = await client.createRun({ params: { loadTestId: id }, body });
    const ended = await settled(client, run.id);
    expect([ended.status, ended.summary?.maxUsers]).toEqual(["Finished", 3]);
    expect((await eventsOf(client, run.id)).map(({ type }) => type)).toContain("shape_off");
    expect(await counted(client, run.id)).toEqual(shop.counts(run.id));
  });

  test("users cut off by the stop timeout have an event, and at most their requests are missing", async () => {
    const { client } = server;
    const id = await defineShop(client, shop.url, { stopTimeoutSeconds: 0 });
    const body = { targetUsers: 30, spawnRate: 30, durationSeconds: 5 };
    const run = await client.createRun({ params: { loadTestId: id }, body });
    await settled(client, run.id);
    const ours = Object.values(await counted(client, run.id)).reduce(
      (sum, one) => sum + (one.requests ?? 0),
      0,
    );
    const theirs = Object.values(shop.counts(run.id)).reduce(
      (sum, one) => sum + (one.requests ?? 0),
      0,
    );
    const event = (await eventsOf(client, run.id)).find(({ type }) => type === "users_cut_off");
    const cutOff = Number(event?.data?.["users"] ?? 0);
    expect(theirs - ours).toBeGreaterThanOrEqual(0);
    expect(theirs - ours).toBeLessThanOrEqual(cutOff);
  });
});
