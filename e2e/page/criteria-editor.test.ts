import type { Locator, Page } from "playwright-core";
import { expect, test } from "vitest";
import { defineShop, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

const settingsOf = (page: Page): Locator => page.getByRole("form", { name: "Settings" });
const editorOf = (form: Locator, number: number): Locator =>
  form.getByRole("textbox", { name: `Criterion ${number}`, exact: true });

/** A load test with one run of a few seconds, and requests enough to decide a p95 also where the machine is busy. */
const withRun = async (): Promise<{ readonly loadTestId: string; readonly runId: string }> => {
  const { client } = world.server;
  const loadTestId = await defineShop(client, world.shop.url);
  const body = { targetUsers: 40, spawnRate: 40, durationSeconds: 12 };
  const { id: runId } = await client.createRun({ params: { loadTestId }, body });
  await settled(client, runId);
  return { loadTestId, runId };
};

test("criteria are offered, completed, mended and tried on the last run while they are typed, then saved and moved by keyboard", async () => {
  const { client, address } = world.server;
  const { loadTestId } = await withRun();
  const { page, expectClean } = await openPage(world.browser, address);
  await page.goto(`${address}/load-tests/${loadTestId}`);
  const form = settingsOf(page);
  await form.getByText(/^#1 had [\d.]+ ms$/).waitFor();
  await form.getByRole("button", { name: "p95 < 500 ms" }).click();
  await expect.poll(() => page.evaluate("document.activeElement?.ariaLabel")).toBe("Criterion 1");
  await form.getByText(/^[\d.]+ ms, limit 500 ms$/).waitFor();
  await form.getByText("in #1, the last run").waitFor();
  expect(await form.getByText("Passed", { exact: true }).count()).toBe(1);

  // Enter adds one below; what can stand there is proposed, and Enter takes it.
  await page.keyboard.press("Enter");
  await page.getByRole("listbox").waitFor();
  await page.keyboard.type("err");
  await page.getByRole("option", { name: /^errorRate ?failures/, selected: true }).waitFor();
  await page.keyboard.press("Enter");
  await page.keyboard.type("< 0.5");
  await form.getByText("Column 13: errorRate is a share; the unit % is missing.").waitFor();
  expect(await editorOf(form, 2).getAttribute("aria-invalid")).toBe("true");
  expect(await form.locator(".cm-fault").innerText()).toBe("0.5");
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await form.getByRole("button", { name: "Write 0.5 %" }).click();
  await form.getByText(/^[\d.]+ %, limit 0\.5 %$/).waitFor();

  // The endpoints are those of the last run.
  await form.getByRole("button", { name: "Add criterion" }).click();
  await expect.poll(() => page.evaluate("document.activeElement?.ariaLabel")).toBe("Criterion 3");
  await page.keyboard.type("p50(");
  await page.getByRole("option", { name: "GET /products", exact: true }).click();
  await page.keyboard.type("< 0.001 ms");
  await expect.poll(() => editorOf(form, 3).innerText()).toBe("p50(GET /products) < 0.001 ms");
  await form.getByText("Failed", { exact: true }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Alt+ArrowUp");
  await expect.poll(() => editorOf(form, 2).innerText()).toContain("p50");
  await form.getByRole("button", { name: /^Criterion 2: fails the run/ }).click();
  await form.getByRole("textbox", { name: "Name", exact: true }).last().fill("The list");
  await form.getByRole("textbox", { name: "Ends the run after" }).fill("soon");
  await form.getByRole("textbox", { name: "Ends the run after" }).blur();
  await form.getByText(/must be a duration/).waitFor();
  await form.getByRole("textbox", { name: "Ends the run after" }).fill("20 s");
  expect(await violationsOf(page)).toEqual([]);
  await form.getByRole("button", { name: "Save settings" }).click();
  await form.getByText("The list; fails the run; ends the run after 20 s").waitFor();
  await expect
    .poll(async () => (await client.getLoadTest({ params: { loadTestId } })).criteria)
    .toEqual([
      { id: "c1", expression: "p95 < 500 ms", severity: "fail" },
      {
        ...{ id: "c2", name: "The list", expression: "p50(GET /products) < 0.001 ms" },
        ...{ severity: "fail", abort: { afterSeconds: 20 } },
      },
      { id: "c3", expression: "errorRate < 0.5 %", severity: "fail" },
    ]);
  expectClean();
  await page.close();
});

test("one run has criteria of its own, and the load test keeps its", async () => {
  const { client, address } = world.server;
  const criteria = [{ expression: "p95 < 2 s" }];
  const loadTestId = await defineShop(client, world.shop.url);
  const params = { loadTestId };
  await client.updateLoadTest({ params, body: { criteria } });
  const { page, expectClean } = await openPage(world.browser, address);
  await page.setViewportSize({ width: 390, height: 900 });
  await page.goto(`${address}/load-tests/${loadTestId}`);
  const start = page.getByRole("form", { name: "Start a run" });
  await start.getByText("1 of the load test").click();
  await start.getByText("No run of this load test has ended yet").waitFor();
  await editorOf(start, 1).fill("p95 < 3 s");
  await start.getByText("1 for this run").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390);
  await start.getByLabel("Duration", { exact: true }).fill("2 s");
  await start.getByRole("button", { name: "Start run" }).click();
  await page.waitForURL(/\/runs\//);
  const runId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  const run = await client.getRun({ params: { runId } });
  expect(run.criteria).toMatchObject([{ expression: "p95 < 3 s" }]);
  expect((await client.getLoadTest({ params })).criteria).toMatchObject(criteria);
  await settled(client, runId);
  expectClean();
  await page.close();
});
