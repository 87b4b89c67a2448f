import { afterAll, beforeAll, expect, test } from "vitest";
import type { Browser, Page } from "playwright-core";
import { storeDay } from "../../bench/lib/stored-day.ts";
import { LOCUSTS, newFolder, removeFolder, type Server, startServer } from "../harness.ts";
import { launchBrowser, openPage } from "./browser.ts";

const HOUR = 3600;
const SLOW_HOUR = 13;

/** Two endpoints, each asked twice a second; the second one takes 600 ms in one hour and fails once in its first second. */
const cellsAt = (second: number) => {
  const isSlow = Math.floor(second / HOUR) === SLOW_HOUR;
  const us = isSlow ? 600_000 : 100_000;
  const fails = second === SLOW_HOUR * HOUR;
  return [
    { ok: [20_000, 20_000], failed: [] },
    fails ? { ok: [us], failed: [us] } : { ok: [us, us], failed: [] },
  ];
};

const dataDir = newFolder();
let server: Server;
let browser: Browser;
beforeAll(async () => {
  await storeDay(dataDir, cellsAt);
  [server, browser] = await Promise.all([
    startServer({ python: LOCUSTS[0]?.python ?? "python3", dataDir }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser.close();
  await server.kill("SIGTERM");
  removeFolder(dataDir);
});

const figureOf = (page: Page, name: string): Promise<string> =>
  page
    .getByLabel("Key figures")
    .locator("div", { has: page.getByText(name, { exact: true }) })
    .locator("dd")
    .first()
    .innerText();

const openDay = async (search = "") => {
  const watched = await openPage(browser, server.address);
  await watched.page.goto(`${server.address}/runs/run-0${search}`);
  return watched;
};

test("a run of a day: every request is counted, the slow hour and its failure are in the charts, and a window has its own figures", async () => {
  const { page, expectClean } = await openDay();
  const latency = page.getByRole("img", { name: /^Response time,/ });
  const said = async (): Promise<string> => (await latency.getAttribute("aria-label")) ?? "";
  await expect.poll(said).toMatch(/p50 from [\d.]+ ms/);
  await expect.poll(() => figureOf(page, "Requests")).toBe("345,600");
  // A quarter of the requests of one hour of 24 is beyond the 99th percentile of all.
  expect(await said()).toMatch(/p95 from (?:99|10\d)[\d.]* ms to (?:59\d|60\d) ms/);
  await page.getByRole("img", { name: /^Failures per second, by error, \d+ min bars/ }).waitFor();
  await page.getByText("lasted 1 d 0 h").waitFor();

  // The slow hour alone.
  await page.goto(
    `${server.address}/runs/run-0?from=${SLOW_HOUR * HOUR}000&to=${(SLOW_HOUR + 1) * HOUR}000`,
  );
  await expect.poll(() => figureOf(page, "Requests")).toBe("14,400");
  const params = { runId: "run-0" };
  const { loadStartedAt = 0 } = await server.client.getRun({ params });
  const query = {
    from: String(loadStartedAt + SLOW_HOUR * HOUR * 1000),
    to: String(loadStartedAt + (SLOW_HOUR + 1) * HOUR * 1000),
  };
  const { p95ResponseMs, totalFailures } = await server.client.getRunSummary({ params, query });
  expect(Math.abs((p95ResponseMs ?? 0) - 600)).toBeLessThan(6);
  expect(totalFailures).toBe(1);
  expect(await figureOf(page, "p95")).toMatch(/^(?:59\d|60\d) ms$/);
  await expect.poll(said).toMatch(/p95 from (?:59\d|60\d) ms to (?:59\d|60\d) ms/);

  // A minute is shown second by second.
  await page.goto(`${server.address}/runs/run-0?from=60000&to=120000`);
  await expect.poll(() => figureOf(page, "Requests")).toBe("240");
  await page.keyboard.press("t");
  const table = page.getByRole("table", { name: "Requests and response times, as a table" });
  await expect.poll(() => table.getByRole("row").count()).toBe(61);
  expectClean();
});
