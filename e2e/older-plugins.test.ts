import { mkdirSync, readFileSync } from "node:fs";
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
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  running,
  SCOPE,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/posting.py"), "utf8");

const sumOf = (counts: Record<string, { readonly requests: number }>): number =>
  Object.values(counts).reduce((sum, { requests }) => sum + requests, 0);

describe.each(ONE_LOCUST)(
  "a Locust without a page that ends after its run time, on $name",
  ({ python }) => {
    const folder = newFolder();
    let server: Server;
    let shop: Shop;
    beforeAll(async () => {
      shop = await startShop();
      const dataDir = join(folder, "data");
      mkdirSync(dataDir, { recursive: true });
      const nobody = `http://127.0.0.1:${await freePort()}`;
      server = await startServer({ python, dataDir, config: config(nobody) });
    });
    afterAll(async () => {
      await server.kill("SIGTERM");
      await shop.close();
      removeFolder(folder);
    });

    test.each([
      ["with the plugin", true, "Finished", "duration_reached", "The duration was reached."],
      ["by callback alone", false, "Stopped", "stopped_at_locust", "its own run time was over, or"],
    ] as const)("%s", async (name, plugin, status, code, message) => {
      const own = join(folder, String(plugin));
      const more = plugin ? {} : { script: SCRIPT };
      const headless = ["-u", "10", "-r", "10", "-t", "4s", "--host", shop.url];
      const locust = await startLocust({
        python,
        folder: own,
        plugin,
        serverUrl: server.address,
        headless,
        ...more,
      });
      try {
        await locust.programs[0]?.ended;
        const { items } = await server.client.listRuns();
        const ended = await settled(server.client, items[0]?.id ?? "");
        expect([name, ended.status, ended.statusReason?.code]).toEqual([name, status, code]);
        expect(ended.statusReason?.message).toContain(message);
        expect(ended.summary?.totalRequests).toBeGreaterThan(0);
      } finally {
        await locust.stop();
      }
    });
  },
);

describe.each(ONE_LOCUST)("a script on $name whose master and workers all post", ({ python }) => {
  const folder = newFolder();
  let server: Server;
  let shop: Shop;
  let locust: Awaited<ReturnType<typeof startLocust>>;
  beforeAll(async () => {
    shop = await startShop();
    const [dataDir, port] = [join(folder, "data"), await freePort()];
    mkdirSync(dataDir, { recursive: true });
    locust = await startLocust({
      python,
      folder,
      plugin: false,
      script: SCRIPT,
      serverUrl: `http://127.0.0.1:${port}`,
      // Requests that have begun at the stop are completed and counted.
      env: () => ({ LOCUST_STOP_TIMEOUT: "1" }),
    });
    server = await startServer({ python, dataDir, config: config(locust.baseUrl), port });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await locust.stop();
    await shop.close();
    removeFolder(folder);
  });

  const newest = async (besides: readonly string[]) =>
    (await server.client.listRuns()).items.find(
      ({ id, status }) => !besides.includes(id) && !ENDED.includes(status),
    );
  const swarm = () =>
    post(`${locust.baseUrl}/swarm`, { user_count: "10", spawn_rate: "10", host: shop.url });

  test("has the target's own counts and says that there are several; a load that begins at once is another run", async () => {
    const { client } = server;
    await swarm();
    const first = await until("the first run", () => newest([]));
    await running(client, first.id);
    await sleep(3000);
    await pressStop(locust.baseUrl);
    // A worker takes users again only after its stop timeout.
    const second = await until("the second run", async () => {
      await swarm();
      return newest([first.id]);
    });
    expect((await client.getRun({ params: { runId: first.id } })).status).toBe("Stopping");
    await running(client, second.id);
    const degraded = await until("its health", async () => {
      const run = await client.getRun({ params: { runId: second.id } });
      return run.healthReason?.code === "several_reporters" ? run : undefined;
    });
    expect(degraded.health).toBe("degraded");
    const seen = await client.getRunSummary({ params: { runId: second.id } });
    expect(seen.totalRequests).toBeLessThanOrEqual(sumOf(shop.counts(second.id)));
    await sleep(3000);
    await pressStop(locust.baseUrl);
    const [ended, before] = [await settled(client, second.id), await settled(client, first.id)];
    const events = await eventsOf(client, second.id);
    const { status, statusReason, summary } = ended;
    expect({
      status,
      statusReason,
      complete: summary?.complete,
      counts: await counted(client, second.id),
    }).toEqual({
      status: "Stopped",
      statusReason: expect.objectContaining({ code: "stopped_at_locust" }),
      complete: true,
      counts: shop.counts(second.id),
    });
    const types = events.map(({ type }) => type);
    expect(types).toContain("several_reporters");
    // Locust clears its figures at the next start, so that those of the last three seconds may be missing.
    expect(before.status).toBe("Stopped");
    expect(before.summary?.totalRequests).toBeGreaterThan(0);
    expect(before.summary?.totalRequests).toBeLessThanOrEqual(sumOf(shop.counts(first.id)));
    expect((await client.listRuns()).items).toHaveLength(2);
  });

  test("is told the run that the server starts, and its callbacks make no other run of it", async () => {
    const { client } = server;
    await workersReady(locust.baseUrl);
    const loadTestId = await defineShop(client, shop.url);
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds: 5 };
    const { id } = await client.createRun({ params: { loadTestId }, body });
    const ended = await settled(client, id);
    const told = /context (.*)/.exec(locust.programs[0]?.output() ?? "")?.[1] ?? "{}";
    expect(JSON.parse(told)).toEqual({ ...SCOPE, runId: id, tenantId: SCOPE.accountId });
    expect(ended).toMatchObject({ status: "Finished", endCause: "duration_reached" });
    expect(await counted(client, id)).toEqual(shop.counts(id));
    expect((await client.listRuns()).items).toHaveLength(3);
  });
});
