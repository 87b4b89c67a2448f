import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
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
import { launchBrowser, openPage, violationsOf } from "./browser.ts";

const SCRIPT = `
from locust import User, constant, task

class Visitor(User):
    wait_time = constant(0.2)

    @task
    def visit(self):
        fire = self.environment.events.request.fire
        for name, ms in [("/", 20), ("/cart", 80), ("/search", 40)]:
            fire(request_type="GET", name=name, response_time=ms, response_length=1, exception=None, context={})
        fire(request_type="POST", name="/checkout", response_time=150, response_length=1, exception=ValueError("sold out"), context={})
`;
const SECONDS = 30;

let browser: Browser;
let server: Server;
let runId = "";
const dataDir = newFolder();
beforeAll(async () => {
  server = await startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir });
  browser = await launchBrowser();
  const loadTestId = await defineShop(server.client, "http://shop.test", { locustfile: SCRIPT });
  const start = async (durationSeconds: number): Promise<string> => {
    const body = {
      targetUsers: 10,
      spawnRate: 1,
      durationSeconds,
      autoStop: { enabled: false },
    };
    return (await server.client.createRun({ params: { loadTestId }, body })).id;
  };
  await settled(server.client, await start(5));
  runId = await start(SECONDS);
  await settled(server.client, runId);
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

/** Opens the run; `search` is its window and endpoints. */
const openRun = async (search = "", width = 1440) => {
  const context = await browser.newContext({ viewport: { width, height: 1200 } });
  const watched = await openPage(context, server.address);
  await watched.page.goto(`${server.address}/runs/${runId}${search}`);
  return watched;
};
const windowOf = (page: Page): (string | null)[] => {
  const { searchParams } = new URL(page.url());
  return [searchParams.get("from"), searchParams.get("to")];
};
const charts = (page: Page) => page.getByLabel(/^Response time,/);

test("a window outside the run is said, and left for the whole run", async () => {
  const { page, expectClean } = await openRun("?from=600000&to=660000");
  await page.getByText("The window is outside the run.").waitFor();
  await page.getByText(/from 10:00 to 11:00 after load start; the load lasted \d+ s\./).waitFor();
  expect(await charts(page).count()).toBe(0);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Show the whole run" }).click();
  await charts(page).waitFor();
  expect(windowOf(page)).toEqual([null, null]);
  expectClean();
});

test("arrows go through the endpoints, Enter shows one alone, Space one beside it; c chooses an overlay", async () => {
  const { page, expectClean } = await openRun();
  const table = page.getByRole("table", { name: "Endpoints" });
  const endpoints = (): string[] =>
    JSON.parse(new URL(page.url()).searchParams.get("endpoint") ?? "[]") as string[];
  const focused = (): Promise<string> => page.locator(":focus").innerText();
  // Sorted by the 95th percentile: checkout, cart, search, the front page.
  await table.getByRole("button", { name: "POST /checkout" }).focus();
  await page.keyboard.press("ArrowDown");
  expect(await focused()).toContain("/cart");
  await page.keyboard.press("Enter");
  await expect.poll(endpoints).toEqual(["GET /cart"]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Space");
  await expect.poll(endpoints).toEqual(["GET /cart", "GET /search"]);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Space");
  await expect.poll(endpoints).toEqual(["GET /search"]);
  await page.keyboard.press("c");
  await page.getByRole("option", { name: /^#1,/ }).click();
  await page.waitForURL(/overlay=/);
  // The second key of a chord is no shortcut of the run's page.
  await page.locator("main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await page.getByRole("heading", { level: 1, name: "Clusters" }).waitFor();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await help.getByText("On a run: choose another to lay under the charts").waitFor();
  await help.getByText("In a table: the row above or below").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});
