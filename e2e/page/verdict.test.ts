import { expect, test } from "vitest";
import { defineShop, running, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

test("how criteria stand while a run lasts, then its verdict: in the run, the lists and on Home, told without colour alone", async () => {
  const { client, address } = world.server;
  const loadTestId = await defineShop(client, world.shop.url);
  const criteria = [
    { expression: "p95 < 2000 ms" },
    { expression: "p95(GET /products) < 1 ms", name: "The list is quick" },
    { expression: "p99.9(GET /) < 2000 ms", severity: "warn" as const },
  ];
  const body = { targetUsers: 8, spawnRate: 8, durationSeconds: 8, criteria };
  const { id } = await client.createRun({ params: { loadTestId }, body });
  await running(client, id);
  const context = await world.browser.newContext({ colorScheme: "dark" });
  const { page, expectClean } = await openPage(context, address);
  await page.goto(`${address}/runs/${id}`);
  const table = page.getByRole("table", { name: "Criteria" });
  await table.getByRole("cell", { name: "Violated" }).waitFor();
  await page.getByText("One criterion is violated").waitFor();
  expect(await table.getByText(/^(?:Passed|Failed)$/).count()).toBe(0);
  const ended = await settled(client, id);
  expect(ended.verdict).toBe("failed");
  await page
    .getByText(/^Failed: p95\(GET \/products\) < 1 ms does not hold, it was [\d.]+ ms\.$/)
    .waitFor();
  const results = await table.locator("tbody tr td:first-child").allInnerTexts();
  expect(results).toEqual(["Failed", "Inconclusive", "Passed"]);
  expect(await table.getByRole("row").nth(1).innerText()).toContain("The list is quick");
  expect(await violationsOf(page)).toEqual([]);
  for (const path of ["/runs", "/", "/load-tests"]) {
    await page.goto(`${address}${path}`);
    await page
      .locator("tbody")
      .getByText("Failed", { exact: true })
      .first()
      .waitFor({ state: "attached" });
    expect([path, await violationsOf(page)]).toEqual([path, []]);
  }
  expectClean();
});
