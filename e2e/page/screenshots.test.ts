import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Shop, startShop } from "../../examples/shop/shop.ts";
import { config, freePort, startLocust, workersReady } from "../attached-locust.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTFILE,
  LOCUSTS,
  newFolder,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
} from "../harness.ts";
import { launchBrowser, openPage } from "./browser.ts";

const FOLDER = join(ROOT, "docs/screenshots");
const WIDE = { width: 1440, height: 1500 };
const SCREEN = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 1200 };

let browser: Browser;
let server: Server;
let shop: Shop;
let locust: Awaited<ReturnType<typeof startLocust>>;
const folder = newFolder();
beforeAll(async () => {
  const python = LOCUSTS[0]?.python ?? "python3";
  const port = await freePort();
  const serverUrl = `http://127.0.0.1:${port}`;
  mkdirSync(FOLDER, { recursive: true });
  mkdirSync(join(folder, "data"));
  shop = await startShop();
  locust = await startLocust({ python, folder, plugin: true, serverUrl });
  server = await startServer({
    python,
    dataDir: join(folder, "data"),
    config: config(locust.baseUrl),
    port,
  });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  await locust.stop();
  await shop.close();
  expectNoProcesses(folder);
  removeFolder(folder);
});

type Picture = {
  readonly name: string;
  readonly path: string;
  readonly size?: { readonly width: number; readonly height: number };
  readonly isDark?: boolean;
};

const take = async ({ name, path, size = WIDE, isDark = false }: Picture): Promise<void> => {
  const context = await browser.newContext({
    viewport: size,
    colorScheme: isDark ? "dark" : "light",
    timezoneId: "Europe/Berlin",
  });
  const { page, expectClean } = await openPage(context, server.address);
  await page.goto(`${server.address}${path}`);
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  // Charts are drawn with the first answers.
  await sleep(3000);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  expectClean();
  await context.close();
};

/** Locust's own page of the same run. */
const takeLocust = async (name: string, tab: string): Promise<void> => {
  const context = await browser.newContext({ viewport: WIDE });
  const page = await context.newPage();
  await page.goto(locust.baseUrl);
  await page.getByRole("tab", { name: tab }).click();
  await sleep(3000);
  await page.screenshot({ path: join(FOLDER, `${name}.png`) });
  await context.close();
};

test(
  "pictures of every page, and of Locust's own page on the same run",
  { timeout: 600_000 },
  async () => {
    const { client } = server;
    const loadTestId = await defineShop(client, shop.url, { locustfile: LOCUSTFILE });
    const criteria = [
      "p95(GET /products*) < 150 ms over steady",
      "p99 < 80 ms over steady",
      "errorRate < 1 %",
      "rps >= 50 over steady",
    ].map((expression) => ({ expression }));
    await client.updateLoadTest({ params: { loadTestId }, body: { criteria } });
    const start = async (targetUsers: number, durationSeconds: number) => {
      await workersReady(locust.baseUrl);
      const body = { targetUsers, spawnRate: 2, durationSeconds };
      return (await client.createRun({ params: { loadTestId }, body })).id;
    };
    await settled(client, await start(20, 40));
    const runId = await start(40, 240);
    await sleep(70_000);
    expect((await client.getRun({ params: { runId } })).status).toBe("Running");
    await take({ name: "run-light", path: `/runs/${runId}` });
    await take({ name: "run-dark", path: `/runs/${runId}`, isDark: true });
    await take({ name: "run-phone", path: `/runs/${runId}`, size: PHONE });
    await take({ name: "home-light", path: "/", size: SCREEN });
    await take({ name: "load-tests", path: "/load-tests", size: SCREEN });
    await take({ name: "load-test", path: `/load-tests/${loadTestId}` });
    await take({ name: "load-test-dark", path: `/load-tests/${loadTestId}`, isDark: true });
    await take({ name: "runs", path: "/runs", size: SCREEN });
    await take({ name: "clusters", path: "/clusters", size: SCREEN });
    await take({ name: "about", path: "/about", size: SCREEN });
    await take({ name: "sign-in", path: "/sign-in", size: SCREEN });
    await takeLocust("locust-statistics", "Statistics");
    await takeLocust("locust-charts", "Charts");
    await settled(client, runId, 240);
    await take({ name: "run-finished", path: `/runs/${runId}?window=steady` });
  },
);
