import { expect, test } from "vitest";
import { defineShop } from "../harness.ts";
import { openPage } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

test("the page of a run that waits says its place, for which run, until when, and when it is given up", async () => {
  const { client, address } = world.server;
  const loadTestId = await defineShop(client, "http://shop.test");
  const start = async (name: string): Promise<string> =>
    (await client.createRun({ params: { loadTestId }, body: { name, durationSeconds: 300 } })).id;
  const [first, second, third] = [
    await start("first"),
    await start("second"),
    await start("third"),
  ];
  const context = await world.browser.newContext();
  const { page, expectClean } = await openPage(context, address);
  await page.goto(`${address}/runs/${third}`);
  await page.getByText(/^Number 2 in line for local, starts at \d\d:\d\d:\d\d/).waitFor();
  await page.getByText(/If it has not started by .*, it is given up/).waitFor();
  await page.goto(`${address}/runs/${second}`);
  await page.getByText(/^Next in line for local/).waitFor();
  await page.getByRole("link", { name: "Show that run" }).click();
  await page.waitForURL(`${address}/runs/${first}`);
  for (const runId of [third, second, first]) await client.stopRun({ params: { runId } });
  const { items } = await client.listRuns({ query: { status: "Pending" } });
  expect(items).toEqual([]);
  expectClean();
});
