import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "@load-manager/contract/api/http-client.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { config, freePort, startLocust } from "./attached-locust.ts";
import {
  counted,
  defineShop,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
} from "./harness.ts";
import { type Shop, startShop } from "../examples/shop/shop.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/many_names.py"), "utf8");
const SHORT = { targetUsers: 8, spawnRate: 20, durationSeconds: 4 };
const [PRODUCT, CART] = ["GET /products/[id]", "POST /cart"];
const CAPPED = 100;

type Body = NonNullable<Parameters<Client["createRun"]>[0]["body"]>;

/** A run that has ended, its endpoints with their counts, and the types of its events. */
const ended = async (client: Client, loadTestId: string, body: Body = {}) => {
  const created = await client.createRun({ params: { loadTestId }, body: { ...SHORT, ...body } });
  const run = await settled(client, created.id);
  expect([run.status, run.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
  return { run, counts: await counted(client, run.id), events: await eventsOf(client, run.id) };
};
type Ended = Awaited<ReturnType<typeof ended>>;

const sumOf = (counts: Ended["counts"], field: "requests" | "failures") =>
  Object.values(counts).reduce((sum, one) => sum + (one[field] ?? 0), 0);

/** Two endpoints, whose requests are the shop's, and whose failures have the group's name. */
const expectGrouped = async (client: Client, shop: Shop, { run, counts }: Ended, name: string) => {
  const of = shop.counts(run.id);
  expect(Object.keys(counts).toSorted()).toEqual([name, CART].toSorted());
  expect([counts[name]?.requests, counts[CART]]).toEqual([of[PRODUCT]?.requests, of[CART]]);
  const failures = await client.listRunFailures({ params: { runId: run.id } });
  const [only, ...more] = failures.items;
  expect([`${only?.method} ${only?.name}`, only?.occurrences, more]).toEqual([
    name,
    counts[name]?.failures,
    [],
  ]);
  expect(only?.occurrences).toBeGreaterThan(5);
};

const proposalsOf = ({ events }: Ended) =>
  events.filter(({ type }) => type === "endpoint_groups_proposed");

describe.each(ONE_LOCUST)("endpoint groups on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
    const local = `locustClusters: [{ id: here, kind: local, workers: 2, maxEndpoints: ${CAPPED} }]\n`;
    server = await startServer({ python, dataDir, config: local });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await shop.close();
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("on a local cluster: a run proposes rules, and with them names with ids are one endpoint", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, {
      locustfile: SCRIPT,
      autoStop: { enabled: false },
    });
    const first = await ended(client, loadTestId);
    const of = shop.counts(first.run.id);
    expect(sumOf(first.counts, "requests")).toBe(sumOf(of, "requests"));
    expect(Object.keys(first.counts).length).toBe(CAPPED + 1);
    expect(first.events.map(({ type }) => type)).toContain("endpoints_capped");
    const [told, ...more] = proposalsOf(first);
    expect(more).toEqual([]);
    expect(told?.message).toMatch(
      /^\d+ endpoints differ only in a part of their name; group them as GET \/products\/\*\.$/,
    );
    const endpointGroups = [{ pattern: "/products/*" }];
    expect(told?.data).toEqual({ proposal: endpointGroups });
    await client.updateLoadTest({ params: { loadTestId }, body: { endpointGroups } });
    const second = await ended(client, loadTestId);
    await expectGrouped(client, shop, second, "GET /products/*");
    const types = second.events.map(({ type }) => type);
    expect(types).not.toContain("endpoints_capped");
    expect(types).not.toContain("endpoint_groups_proposed");
    expect(second.run.endpointGroups).toEqual(endpointGroups);
    const old = await client.getRun({ params: { runId: first.run.id } });
    expect(old.endpointGroups).toBeUndefined();
  });

  test("on an attached cluster: each run has its own, and Locust's own statistics have every name", async () => {
    const folder = newFolder();
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const locust = await startLocust({ python, folder, plugin: true, serverUrl, script: SCRIPT });
    const data = join(folder, "data");
    mkdirSync(data, { recursive: true });
    const yaml = config(locust.baseUrl);
    const attached = await startServer({ python, dataDir: data, config: yaml, port });
    try {
      const { client } = attached;
      const loadTestId = await defineShop(client, shop.url, { autoStop: { enabled: false } });
      const endpointGroups = [
        { pattern: "/products/*", name: "Posted", method: "POST" },
        { pattern: "/products/*", name: "Product", method: "GET" },
      ];
      const first = await ended(client, loadTestId, { endpointGroups });
      await expectGrouped(client, shop, first, "GET Product");
      const own = await fetch(`${locust.baseUrl}/stats/requests`);
      expect(await own.text()).toMatch(/"\/products\/\d+"/);
      const second = await ended(client, loadTestId, { targetUsers: 2 });
      expect(Object.keys(second.counts)).not.toContain("GET Product");
      expect(Object.keys(second.counts).length).toBeGreaterThan(50);
      expect(proposalsOf(second)).toHaveLength(1);
    } finally {
      await attached.kill("SIGTERM");
      await locust.stop();
      removeFolder(folder);
    }
  });
});
