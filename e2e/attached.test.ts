import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Shop, startShop } from "../examples/shop/shop.ts";
import { config, freePort, post, pressStop, startLocust, workersReady } from "./attached-locust.ts";
import {
  counted,
  defineShop,
  ENDED,
  eventsOf,
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

/** A shop, a Locust and a server for them, with a load test. */
type Attached = {
  readonly shop: Shop;
  readonly locust: Awaited<ReturnType<typeof startLocust>>;
  readonly server: Server;
  readonly loadTestId: string;
};

const startAttached = async (
  options: Parameters<typeof startLocust>[0],
  moreConfig = "",
): Promise<Attached> => {
  const { python, folder, plugin } = options;
  const shop = await startShop();
  const port = await freePort();
  const serverUrl = `http://127.0.0.1:${port}`;
  const locust = await startLocust({ ...options, ...(plugin ? { serverUrl } : {}) });
  const dataDir = join(folder, "data");
  mkdirSync(dataDir, { recursive: true });
  const own = config(locust.baseUrl) + moreConfig;
  const server = await startServer({ python, dataDir, config: own, port });
  return { shop, locust, server, loadTestId: await defineShop(server.client, shop.url) };
};

const stopAttached = async (
  { server, locust, shop }: Omit<Attached, "loadTestId">,
  folder: string,
): Promise<void> => {
  await server.kill("SIGTERM");
  await locust.stop();
  await shop.close();
  removeFolder(folder);
};

describe.each(LOCUSTS)("an attached cluster with the plugin, on $name", ({ python }) => {
  const folder = newFolder();
  let server: Server;
  let shop: Shop;
  let locust: Awaited<ReturnType<typeof startLocust>>;
  let loadTestId: string;
  beforeAll(async () => {
    const publicUrl = "server: { publicUrl: https://load.example/lm }\n";
    const started = await startAttached({ python, folder, plugin: true }, publicUrl);
    ({ server, shop, locust, loadTestId } = started);
  });
  afterAll(() => stopAttached({ server, shop, locust }, folder));

  test("a run has the shop's totals; Locust refuses other starts meanwhile, and Locust's own Stop ends the run", async () => {
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds: 120 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    await running(server.client, run.id);
    const refused = await post(`${locust.baseUrl}/swarm`, { user_count: "1", spawn_rate: "1" });
    expect(refused.status).toBe(409);
    const answer = await refused.text();
    const address = `https://load.example/lm/v1/runs/${run.id}`;
    expect(answer).toContain(`The run ${run.id} of Load Manager is on: ${address}.`);
    expect(locust.programs[0]?.output()).toContain(address);
    await pressStop(locust.baseUrl);
    const ended = await settled(server.client, run.id);
    expect([ended.status, ended.endCause]).toEqual(["Stopped", "stopped_at_locust"]);
    expect(await counted(server.client, run.id)).toEqual(shop.counts(run.id));
  });

  test("a second run on the same master ends after its duration", async () => {
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds: 5 };
    const run = await server.client.createRun({ params: { loadTestId }, body });
    // Locust knows only that it is busy.
    const busy = await until("the busy cluster", async () => {
      const cluster = await server.client.getCluster({ params: { clusterId: "attached" } });
      return cluster.state === "busy" ? cluster : undefined;
    });
    expect(busy.message).toBe(`The cluster is busy with ${run.name} (${run.id}).`);
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
    expect(cluster.state).toBe("idle");
    expect(cluster).toMatchObject({ kind: "attached", engine: { pluginVersion: "0.1.0" } });
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

/** A master that ends shows its stopped load for a while. */
const SLOW_END = `

import gevent
from locust import events


@events.quitting.add_listener
def slow_end(**_):
    gevent.sleep(1.7)
`;

const iso = (ms: number): string => new Date(ms).toISOString();

/** The event that says so of a lost master. */
const workersLeft = async (server: Server, runId: string) =>
  (await eventsOf(server.client, runId)).find(({ type }) => type === "load_may_be_left");

/** One endpoint in Locust's /stats/requests. */
type Row = { method: string; name: string; num_requests: number; num_failures: number };
type Counts = Record<string, { requests: number; failures: number }>;
const total = (counts: Counts, what: "requests" | "failures"): number =>
  Object.values(counts).reduce((sum, count) => sum + count[what], 0);

describe.each(LOCUSTS)(
  "an attached cluster without the plugin, on $name",
  ({ name: version, python }) => {
    const folder = newFolder();
    const common = {
      python,
      folder,
      plugin: false,
      script: LOCUSTFILE + SLOW_END,
      // The workers sleep for so long after each load.
      env: () => ({ LOCUST_STOP_TIMEOUT: "10" }),
    };
    let server: Server;
    let shop: Shop;
    let locust: Awaited<ReturnType<typeof startLocust>>;
    let loadTestId: string;
    beforeAll(async () => {
      ({ server, shop, locust, loadTestId } = await startAttached(common));
    });
    afterAll(() => stopAttached({ server, shop, locust }, folder));

    test("is polled: the server ends the run after its duration, the totals are Locust's, and the summary says so", async () => {
      const body = { targetUsers: 30, spawnRate: 30, durationSeconds: 6 };
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

    test("a run waits for workers that still sleep; users are changed, and it is stopped on request", async () => {
      const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 100 };
      const run = await server.client.createRun({ params: { loadTestId }, body });
      const { statusReason } = await until("the reason why it waits", async () => {
        const seen = await server.client.getRun({ params: { runId: run.id } });
        return seen.statusReason?.message.includes("still stopping") === true ? seen : undefined;
      });
      expect(statusReason?.code).toBe("cluster_busy");
      const aheadMs = (statusReason?.expectedStartAt ?? 0) - Date.now();
      expect([aheadMs > -5000, aheadMs < 10_000]).toEqual([true, true]);
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

    test("a signal to its master is no stop of somebody: the master is lost", async () => {
      await workersReady(locust.baseUrl);
      const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 100 };
      const run = await server.client.createRun({ params: { loadTestId }, body });
      await running(server.client, run.id);
      locust.programs[0]?.child.kill("SIGTERM");
      // Its load was seen to end, so the slot is not kept for a master that may come back.
      const ended = await settled(server.client, run.id);
      expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "master_lost"]);
      expect(ended.endCause).toBeUndefined();
      expect(await workersLeft(server, run.id)).toBeUndefined();
      await locust.stop();
    });

    test("a master that is killed, and started again 2 s later, has not been stopped by somebody; its workers may go on", async () => {
      locust = await startLocust({ ...common, ports: locust.ports });
      const body = { targetUsers: 6, spawnRate: 6, durationSeconds: 100 };
      const run = await server.client.createRun({ params: { loadTestId }, body });
      await running(server.client, run.id);
      const [master] = locust.programs;
      master?.child.kill("SIGKILL");
      await master?.ended;
      await sleep(2000);
      const second = await startLocust({ ...common, ports: locust.ports, workers: 0 });
      const ended = await settled(server.client, run.id);
      await second.stop();
      expect([ended.status, ended.endCause]).toEqual(["Failed", undefined]);
      expect(["master_restarted", "master_lost"]).toContain(ended.statusReason?.code);
      const left = await workersLeft(server, run.id);
      if (version.includes("2.12.1")) {
        expect(left?.message).toContain("of Locust 2.12.1 go on until somebody ends them");
      } else {
        expect(left?.message).toContain("end by themselves within a minute");
        expect(left?.data).toEqual({ until: iso((ended.finishedAt ?? 0) + 65_000) });
      }
    });

    // Once is enough: no Locust answers here.
    if (version !== LOCUSTS[0]?.name) return;
    test("a run fails with the reason where nobody listens", async () => {
      const body = { durationSeconds: 5 };
      const run = await server.client.createRun({ params: { loadTestId }, body });
      const ended = await settled(server.client, run.id, 40);
      expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "cluster_unreachable"]);
      expect(ended.statusReason?.message).toContain("ECONNREFUSED");
      const cluster = await server.client.getCluster({ params: { clusterId: "attached" } });
      expect(cluster.state).toBe("unreachable");
    });
  },
);

describe("two Locust masters with one scope", () => {
  test("a run that is started at the one that the cluster does not lead to is named as such", async () => {
    const [folder, other] = [newFolder(), newFolder()];
    const python = LOCUSTS[0]?.python ?? "python3";
    const port = await freePort();
    const common = { python, plugin: true, serverUrl: `http://127.0.0.1:${port}` };
    const first = await startLocust({ ...common, folder, workers: 0 });
    const second = await startLocust({ ...common, folder: other });
    const dataDir = join(folder, "data");
    mkdirSync(dataDir);
    const server = await startServer({ python, dataDir, config: config(first.baseUrl), port });
    const form = { user_count: "2", spawn_rate: "2", host: "http://127.0.0.1:9" };
    await post(`${second.baseUrl}/swarm`, form);
    const run = await until("the external run", async () => (await activeRuns(server))[0]);
    const ended = await settled(server.client, run.id, 40);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Failed", "two_masters"]);
    await server.kill("SIGTERM");
    await first.stop();
    await second.stop();
    removeFolder(folder);
    removeFolder(other);
  });
});
