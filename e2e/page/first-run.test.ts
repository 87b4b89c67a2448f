import { expect, test } from "vitest";
import type { Page } from "playwright-core";
import { settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

const runIdOf = (page: Page): string => new URL(page.url()).pathname.split("/").at(-1) ?? "";

/** The text of the key figure with this name, without its unit. */
const figureOf = (page: Page, name: string): Promise<string> =>
  page
    .getByLabel("Key figures")
    .locator("div", { has: page.getByText(name, { exact: true }) })
    .locator("dd")
    .first()
    .innerText();

/** Whether something is drawn on the chart with this title. */
const isDrawn = (page: Page, title: string): Promise<boolean> =>
  page.evaluate<boolean>(`(() => {
    const charts = [...document.querySelectorAll("[role=img][aria-label]")];
    const name = ${JSON.stringify(title)};
    const chart = charts.find((one) => /^[,:]/.test(one.ariaLabel.replace(name, "")));
    const canvas = chart?.querySelector("canvas");
    if (canvas == null) return false;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value, index) => index % 4 === 3 && value > 0);
  })()`);

test("the page needs at most 300 kB of JavaScript to begin with, compressed", async () => {
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  const scripts: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (!request.url().endsWith(".js")) return;
    scripts.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
  });
  await page.goto(world.server.address);
  await page.getByText("Nothing has run here yet").waitFor();
  const sizes = await Promise.all(scripts);
  expect(sizes.length).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(300_000);
  expectClean();
  await page.close();
});

test("the first run by mouse: live charts, figures equal the API's, a dragged window, the end", async () => {
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(world.server.address);
  await page.getByText("Nothing has run here yet").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByLabel("Duration").fill("20");
  await page.getByLabel("Spawn rate").fill("10");
  await page.getByRole("button", { name: "Start the run" }).click();
  await page.waitForURL(/\/runs\//);
  const runId = runIdOf(page);
  await page.getByRole("heading", { level: 1 }).getByText("Running").waitFor();
  await page.getByRole("button", { name: "Stop run" }).waitFor();
  expect(await page.title()).toMatch(/^Running: Demo shop #1/);
  // While it runs, the page goes on by itself.
  const atFirst = await figureOf(page, "Requests");
  await expect.poll(() => figureOf(page, "Requests"), { timeout: 15_000 }).not.toBe(atFirst);
  await expect.poll(() => isDrawn(page, "Response time"), { timeout: 10_000 }).toBe(true);

  await page.getByRole("heading", { level: 1 }).getByText("Finished").waitFor();
  await settled(world.server.client, runId);
  const whole = await world.server.client.getRunSummary({ params: { runId } });
  const shown = whole.totalRequests?.toLocaleString("en-US");
  await expect.poll(() => figureOf(page, "Requests"), { timeout: 10_000 }).toBe(shown);
  for (const title of ["Requests per second", "Response time", "Response time distribution"])
    expect([title, await isDrawn(page, title)]).toEqual([title, true]);
  expect(await violationsOf(page)).toEqual([]);

  const chart = page.getByLabel(/^Requests per second,/).locator(".u-over");
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  if (box === null) throw new Error("the chart has no place");
  await page.mouse.move(box.x + box.width * 0.25, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height / 2, { steps: 8 });
  await page.mouse.up();
  await page.waitForURL(/from=\d+&to=\d+/);
  const { searchParams } = new URL(page.url());
  const { loadStartedAt = 0 } = await world.server.client.getRun({ params: { runId } });
  const at = (name: string): string => String(loadStartedAt + Number(searchParams.get(name)));
  const query = { from: at("from"), to: at("to") };
  const part = await world.server.client.getRunSummary({ params: { runId }, query });
  expect(part.totalRequests).toBeLessThan(whole.totalRequests ?? 0);
  await expect
    .poll(() => figureOf(page, "Requests"), { timeout: 10_000 })
    .toBe(part.totalRequests?.toLocaleString("en-US"));
  // The window is in the address: it is the same after a reload.
  await page.reload();
  await expect
    .poll(() => figureOf(page, "Requests"), { timeout: 10_000 })
    .toBe(part.totalRequests?.toLocaleString("en-US"));
  await page.keyboard.press("w");
  await expect.poll(() => figureOf(page, "Requests"), { timeout: 10_000 }).toBe(shown);
  expectClean();
});

test("by keyboard: a run is started again and stopped during its ramp-up", async () => {
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(world.server.address);
  await page.getByRole("link", { name: "Demo shop #1" }).first().focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/runs\//);
  await page.getByRole("button", { name: "Run again" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1 }).getByText("Demo shop #2").waitFor();
  await page.getByRole("button", { name: "Stop run" }).waitFor();
  await page
    .getByRole("heading", { level: 1 })
    .focus()
    .catch(() => undefined);
  await page.keyboard.press("x");
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Locust stops all users").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.type("seen enough");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1 }).getByText("Stopped").waitFor();
  await page.getByText("seen enough").first().waitFor();
  const run = await settled(world.server.client, runIdOf(page));
  expect(run.statusReason?.code).toBe("stopped_by_user");
  expectClean();
});
