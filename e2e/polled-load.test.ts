import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { config, startLocust } from "./attached-locust.ts";
import {
  defineShop,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/steady.py"), "utf8");
const [USERS, SECONDS] = [10, 24];
const RATE = USERS * 10;

describe.each(ONE_LOCUST)("a steady load on $name without the plugin", ({ python }) => {
  let folder: string;
  let server: Server;
  let locust: Awaited<ReturnType<typeof startLocust>>;
  beforeEach(async () => {
    folder = newFolder();
    const dataDir = join(folder, "data");
    mkdirSync(dataDir, { recursive: true });
    locust = await startLocust({ python, folder, plugin: false, script: SCRIPT });
    server = await startServer({ python, dataDir, config: config(locust.baseUrl) });
  });
  afterEach(async () => {
    await server.kill("SIGTERM");
    await locust.stop();
    removeFolder(folder);
  });

  test("is charted as steady, and the run has Locust's own total and rate", async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, "http://127.0.0.1:9", { locustfile: SCRIPT });
    const body = { targetUsers: USERS, spawnRate: USERS, durationSeconds: SECONDS };
    const { id } = await client.createRun({ params: { loadTestId }, body });
    const ended = await settled(client, id);
    expect(ended.status).toBe("Finished");
    const answer = await fetch(`${locust.baseUrl}/stats/requests`);
    const { stats } = (await answer.json()) as { stats: { name: string; num_requests: number }[] };
    const total = stats.find(({ name }) => name === "Aggregated")?.num_requests;
    expect(ended.summary?.totalRequests).toBe(total);
    const { dataPoints = [] } = await client.getRunTimeseries({
      params: { runId: id },
      query: { fields: "totalRps" },
    });
    const rates = dataPoints.flatMap(({ totalRps }) => totalRps ?? []);
    expect(rates.length).toBeGreaterThan(SECONDS - 4);
    // A busy machine delays reports of the workers, so that a single second may be further off. Reports that are not levelled
    // put every second off by a quarter and more.
    const off = rates.slice(7, -7).map((rate) => Math.abs(rate - RATE) / RATE);
    expect(Math.max(...off)).toBeLessThan(0.5);
    expect(off.toSorted((a, b) => a - b).at(Math.floor(off.length / 2))).toBeLessThan(0.2);
    // The page is up to three seconds behind, so that the first seconds have fewer requests, and the last ones the rest.
    for (const rate of rates.slice(1, -1)) expect(Math.abs(rate - RATE)).toBeLessThan(0.8 * RATE);
    expect(Math.abs((ended.summary?.requestsPerSec ?? 0) - RATE)).toBeLessThan(0.03 * RATE);
  });
});
