import type { Browser } from "playwright-core";
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
import { launchBrowser, openPage } from "./browser.ts";

const ENDPOINTS = 1000;
const SCRIPT = `
from locust import User, constant, task

class Many(User):
    wait_time = constant(1)

    @task
    def ask(self):
        for number in range(${ENDPOINTS}):
            self.environment.events.request.fire(
                request_type="GET", name="/item/%d" % number, response_time=5 + number, response_length=1,
                exception=None, context={})
`;

let browser: Browser;
let server: Server;
const dataDir = newFolder();
beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  expectNoProcesses(dataDir);
  removeFolder(dataDir);
});

test("a table of 1,000 endpoints draws what is seen, sorts and filters all, and a click shows the charts of one", async () => {
  const loadTestId = await defineShop(server.client, "http://many.test", { locustfile: SCRIPT });
  const body = { targetUsers: 1, spawnRate: 1, durationSeconds: 4 };
  const { id: runId } = await server.client.createRun({ params: { loadTestId }, body });
  await settled(server.client, runId);
  const { page, expectClean } = await openPage(browser, server.address);
  await page.goto(`${server.address}/runs/${runId}`);
  const table = page.getByRole("table", { name: "Endpoints" });
  await table.getByRole("button", { name: "GET /item/999" }).waitFor();
  expect(await table.getByRole("row").count()).toBeLessThan(150);
  await table.getByRole("button", { name: "95%ile" }).click();
  await table.getByRole("button", { name: "GET /item/0", exact: true }).waitFor();
  await page.getByLabel("Filter endpoints").fill("item/77");
  // 77 and 770 to 779, the head and the sum.
  await expect.poll(() => table.getByRole("row").count()).toBe(13);
  await table.getByRole("button", { name: "GET /item/777" }).click();
  await page.waitForURL(/endpoint=/);
  await expect
    .poll(() => page.getByLabel(/^Response time,/).getAttribute("aria-label"))
    .toMatch(/p95 from 7[789]\d ms/);
  expectClean();
});
