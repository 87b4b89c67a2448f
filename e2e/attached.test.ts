import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import { config, freePort, post, pressStop, startLocust, workersReady } from "./attached-locust.ts";
import {
  counted,
  defineShop,
  ENDED,
  LOCUSTFILE,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";

const activeRuns = async (server: Server) =>
  (await server.client.listRuns()).items.filter(({ status }) => !ENDED.includes(status));

describe.each(LOCUSTS)("an attached cluster with the plugin, on $name", ({ python }) => {
  const folder = newFolder();
  const dataDir = join(folder, "data");
  let server: Server;
  let shop: Shop;
  let locust: Awaited<ReturnType<typeof startLocust>>;
  let loadTestId: string;
  beforeAll(async () => {
    shop = await startShop();
    const port = await freePort();
    locust = await startLocust({
      python,
      folder,
      plugin: true,
      serverUrl: `http://127.0.0.1:${port}`,
    });
    mkdirSync(dataDir, { recursive: true });
    server = await startServer({ python, dataDir, config: config(locust.baseUrl), port });
    loadTestId = await defineShop(server.client, shop.url);
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await locust.stop();
    await shop.close();
    removeFolder(folder);
  });

  test("a run has the shop's totals; Locust refuses other starts meanwhile, and Locust's own Stop ends the run", async () => {
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds: 120 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    const refused = await post(`${locust.baseUrl}/swarm`, { user_count: "1", spawn_rate: "1" });
    expect(refused.status).toBe(409);
    expect(await refused.text()).toContain(run.id);
    await pressStop(locust.baseUrl);
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.endCause]).toEqual(["Stopped", "stopped_at_locust"]);
    expect(await counted(server.client, run.id)).toEqual(shop.counts(run.id));
  });

  test("a second run on the same master ends after its duration", async () => {
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds: 5 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    const ended = await settled(server.client, run.id);
    expect(ended.status).toBe("Finished");
    expect(await counted(server.client, run.id)).toEqual(shop.counts(run.id));
  });

  test("a run started in Locust's page becomes an external run, and a run of the API waits for it", async () => {
    // A worker is ready again only after the stop timeout of its last run.
    await workersReady(locust.baseUrl);
    await post(`${locust.baseUrl}/swarm`, { user_count: "5", spawn_rate: "5", host: shop.url });
    const external = await until("the external run", async () =>
      (await activeRuns(server)).find(({ status }) => status === "Running"),
    );
    expect(external).toMatchObject({
      trigger: "external",
      targetUsers: 5,
      locustClusterId: "attached",
    });
    const waiting = await server.client.createRun({
      params: { loadTestId },
      body: { durationSeconds: 2 },
    });
    await until("its reason", async () => {
      const run = await server.client.getRun({ params: { runId: waiting.id } });
      return run.statusReason?.code === "cluster_busy" ? true : undefined;
    });
    await pressStop(locust.baseUrl);
    const ended = await settled(server.client, external.id);
    expect([ended.status, ended.endCause]).toEqual(["Stopped", "stopped_at_locust"]);
    const summary = await server.client.getRunSummary({ params: { runId: external.id } });
    expect(summary.complete).toBe(true);
    expect(summary.totalRequests).toBeGreaterThan(0);
    expect((await settled(server.client, waiting.id)).status).toBe("Finished");
  });

  test("the cluster shows its state and plugin version, and the local script is unchanged", async () => {
    const cluster = await server.client.getCluster({ params: { clusterId: "attached" } });
    expect(cluster).toMatchObject({
      kind: "attached",
      state: "idle",
      engine: { pluginVersion: "0.1.0" },
    });
    expect(existsSync(join(folder, "locustfile.py"))).toBe(true);
    expect(readFileSync(join(folder, "locustfile.py"), "utf8")).toBe(LOCUSTFILE);
  });

  test("a server with a new data folder can stop an external run and start a run of its own", async () => {
    await server.kill("SIGTERM");
    const fresh = join(folder, "fresh");
    mkdirSync(fresh);
    const port = Number(new URL(server.address).port);
    server = await startServer({ python, dataDir: fresh, config: config(locust.baseUrl), port });
    await workersReady(locust.baseUrl);
    await post(`${locust.baseUrl}/swarm`, { user_count: "5", spawn_rate: "5", host: shop.url });
    const external = await until("the external run", async () =>
      (await activeRuns(server)).find(({ status }) => status === "Running"),
    );
    await server.client.stopRun({ params: { runId: external.id } });
    const stopped = await settled(server.client, external.id);
    expect([stopped.status, stopped.endCause]).toEqual(["Stopped", "stopped_by_user"]);
    const body = { targetUsers: 5, spawnRate: 5, durationSeconds: 3 };
    const run = await server.client.createRun({
      params: { loadTestId: await defineShop(server.client, shop.url) },
      body,
    });
    const ended = await settled(server.client, run.id, 120);
    expect([ended.status, ended.endCause]).toEqual(["Finished", "duration_reached"]);
    expect(await counted(server.client, run.id)).toEqual(shop.counts(run.id));
  });
});

/** One endpoint in Locust's /stats/requests. */
type Row = { method: string; name: string; num_requests: number; num_failures: number };
type Counts = Record<string, { requests: number; failures: number }>;
const total = (counts: Counts, what: "requests" | "failures"): number =>
  Object.values(counts).reduce((sum, count) => sum + count[what], 0);

describe.each(LOCUSTS)("an attached cluster without the plugin, on $name", ({ python }) => {
  const folder = newFolder();
  const dataDir = join(folder, "data");
  let server: Server;
  let shop: Shop;
  let locust: Awaited<ReturnType<typeof startLocust>>;
  let loadTestId: string;
  beforeAll(async () => {
    shop = await startShop();
    locust = await startLocust({ python, folder, plugin: false });
    mkdirSync(dataDir, { recursive: true });
    server = await startServer({ python, dataDir, config: config(locust.baseUrl) });
    loadTestId = await defineShop(server.client, shop.url);
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await locust.stop();
    await shop.close();
    removeFolder(folder);
  });

  test("is polled: the server ends the run after its duration, the totals are Locust's, and the summary says so", async () => {
    const body = { targetUsers: 30, spawnRate: 30, durationSeconds: 10 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.endCause]).toEqual(["Finished", "duration_reached"]);
    const summary = await server.client.getRunSummary({ params: { runId: run.id } });
    expect([summary.percentileSource, summary.percentileError]).toEqual(["locust", null]);
    expect(summary.p99ResponseMs).not.toBeNull();
    const page = await fetch(`${locust.baseUrl}/stats/requests`);
    const { stats } = (await page.json()) as { stats: Row[] };
    const own = Object.fromEntries(
      stats
        .filter(({ name }) => name !== "Aggregated")
        .map((row) => [
          `${row.method} ${row.name}`,
          { requests: row.num_requests, failures: row.num_failures },
        ]),
    );
    expect(await counted(server.client, run.id)).toEqual(own);
    // Without the plugin Locust does not know the run id, so the shop counts these requests without one. Locust does not
    // count requests that the end of the run cuts off.
    const cutOff = total(shop.counts(), "requests") - total(own, "requests");
    expect(cutOff).toBeGreaterThanOrEqual(0);
    expect(cutOff).toBeLessThanOrEqual(body.targetUsers);
    const failed = total(own, "failures");
    expect(failed).toBeGreaterThan(0);
    const { items } = await server.client.listRunFailures({ params: { runId: run.id } });
    expect(items.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(failed);
    expect(ended.loadEndedAt === undefined || ended.startedAt === undefined).toBe(false);
  });

  test("changes users during a run, and stops it on request", async () => {
    const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 100 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    await server.client.changeRunLoad({ params: { runId: run.id }, body: { targetUsers: 9 } });
    await until("nine users", async () => {
      const { lastMetrics } = await server.client.getRun({ params: { runId: run.id } });
      return lastMetrics?.currentUsers === 9 ? true : undefined;
    });
    await server.client.stopRun({ params: { runId: run.id } });
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.endCause]).toEqual(["Stopped", "stopped_by_user"]);
    const stats = (await (await fetch(`${locust.baseUrl}/stats/requests`)).json()) as {
      user_count: number;
    };
    expect(stats.user_count).toBe(0);
  });
});

describe("an attached cluster that is unreachable", () => {
  test("makes the run fail with the reason", async () => {
    const folder = newFolder();
    const dataDir = join(folder, "data");
    mkdirSync(dataDir);
    const python = LOCUSTS[0]?.python ?? "python3";
    const server = await startServer({
      python,
      dataDir,
      config: config(`http://127.0.0.1:${await freePort()}`),
    });
    const loadTestId = await defineShop(server.client, "http://127.0.0.1:1");
    const run = await server.client.createRun({
      params: { loadTestId },
      body: { durationSeconds: 5 },
    });
    const ended = await settled(server.client, run.id, 40);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "cluster_unreachable"]);
    expect(ended.statusReason?.message).toContain("ECONNREFUSED");
    const cluster = await server.client.getCluster({ params: { clusterId: "attached" } });
    expect(cluster.state).toBe("unreachable");
    await server.kill("SIGTERM");
    removeFolder(folder);
  });
});
