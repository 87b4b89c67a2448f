import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Shop, startShop } from "../../examples/shop/shop.ts";
import { freePort } from "../attached-locust.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  type Server,
  settled,
  startServer,
} from "../harness.ts";
import { launchBrowser, openPage } from "./browser.ts";

const TABS = 10;
const USERS = 4;

let browser: Browser;
let shop: Shop;
let server: Server;
let port = 0;
const dataDir = newFolder();
const python = LOCUSTS[0]?.python ?? "python3";
beforeAll(async () => {
  port = await freePort();
  [shop, server, browser] = await Promise.all([
    startShop(),
    startServer({ python, dataDir, port }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  await shop.close();
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

test("ten tabs follow a run; the server is killed and comes back: each says so, heals, and has the whole run once", async () => {
  const loadTestId = await defineShop(server.client, shop.url);
  // It lasts until it is stopped: ten tabs take their time to open.
  const body = { targetUsers: USERS, spawnRate: USERS, durationSeconds: 600 };
  const { id: runId } = await server.client.createRun({ params: { loadTestId }, body });
  const context = await browser.newContext();
  // What the browser itself logs of a server that is away.
  const mayFail =
    /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE|503/;
  const tabs = await Promise.all(
    Array.from({ length: TABS }, () => openPage(context, server.address, mayFail)),
  );
  const [first] = tabs;
  const last = tabs.at(-1);
  if (first === undefined || last === undefined) throw new Error("no tab is open");
  // In the last tab nobody asks for the server's health: what else is asked for tells the same.
  await last.page.route("**/health", () => {});
  await Promise.all(tabs.map(({ page }) => page.goto(`${server.address}/runs/${runId}`)));
  await Promise.all(
    tabs.map(({ page }) => page.getByRole("heading", { level: 1 }).getByText("Running").waitFor()),
  );

  await server.kill("SIGKILL");
  const banners = tabs.map(({ page }) => page.getByText("The server does not answer"));
  await Promise.all(banners.map((banner) => banner.waitFor()));
  const { page: shown } = first;
  await shown.getByText(/What you see is of .*, \d+ s ago.* Next try in \d s\./).waitFor();
  await shown.getByRole("button", { name: "Keep", exact: true }).click();
  const refusal = shown.getByText("Not changed. The server of this page does not answer.");
  await refusal.waitFor();
  server = await startServer({ python, dataDir, port });
  await Promise.all(banners.map((banner) => banner.waitFor({ state: "hidden" })));
  await refusal.waitFor({ state: "hidden" });
  await server.client.stopRun({ params: { runId } });
  const run = await settled(server.client, runId);
  expect(run.status).toBe("Stopped");
  const counted = Object.values(shop.counts(runId)).reduce((sum, one) => sum + one.requests, 0);
  expect(run.summary?.totalRequests).toBe(counted);
  for (const { page, expectClean } of tabs) {
    await page.getByRole("heading", { level: 1 }).getByText("Stopped").waitFor();
    await expect
      .poll(
        async () =>
          (await page.getByLabel("Key figures").innerText()).includes(
            counted.toLocaleString("en-US"),
          ),
        {
          timeout: 15_000,
        },
      )
      .toBe(true);
    await page.getByText("every second has arrived once").waitFor();
    expectClean();
  }
});
