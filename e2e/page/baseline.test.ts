import { expect, test } from "vitest";
import { defineShop, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

test("a run becomes the baseline on its page, the settings name it, and the next verdict says what it was compared with", async () => {
  const { client, address } = world.server;
  const criteria = [{ expression: "avg < baseline * 100" }];
  const loadTestId = await defineShop(client, world.shop.url);
  await client.updateLoadTest({ params: { loadTestId }, body: { criteria } });
  const body = { targetUsers: 4, spawnRate: 4, durationSeconds: 6 };
  const run = async () => {
    const { id } = await client.createRun({ params: { loadTestId }, body });
    return settled(client, id);
  };
  const first = await run();
  expect(first.verdict).toBe("inconclusive");
  const context = await world.browser.newContext();
  const { page, expectClean } = await openPage(context, address);
  await page.goto(`${address}/runs/${first.id}`);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Use as baseline" }).click();
  await page.getByRole("menuitem", { name: "It is the baseline of its load test" }).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Kept" }).waitFor();

  await page.goto(`${address}/load-tests/${loadTestId}`);
  const form = page.getByRole("form", { name: "Settings" });
  const kind = form.getByRole("combobox", { name: "Baseline: compare with" });
  expect(await kind.inputValue()).toBe("one run");
  expect(await form.getByRole("combobox", { name: "The run" }).inputValue()).toMatch(/^#1, /);
  expect(await violationsOf(page)).toEqual([]);

  const { id } = await run();
  await page.goto(`${address}/runs/${id}`);
  const row = page.getByRole("table", { name: "Criteria" }).locator("tbody tr");
  await row.getByText(/baseline [\d.]+ ms: run #1, varies by [\d.]+ % \(assumed\)/).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await row.getByRole("link", { name: "#1" }).click();
  await page.waitForURL(`**/runs/${first.id}*`);

  await page.goto(`${address}/load-tests/${loadTestId}`);
  await kind.click();
  await page.getByRole("option", { name: "the mean of earlier runs" }).click();
  await form.getByLabel("Of at most").fill("30");
  await form.getByRole("button", { name: "Save settings" }).click();
  await form.getByText(/at most 20/).waitFor();
  await form.getByLabel("Of at most").fill("5");
  await form.getByRole("button", { name: "Save settings" }).click();
  await expect
    .poll(async () => (await client.getLoadTest({ params: { loadTestId } })).baseline)
    .toEqual({ kind: "rolling", runs: 5 });
  expectClean();
});
