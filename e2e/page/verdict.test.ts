import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { defineShop, running, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

/** How many dots of a chart have about the colour of a token of the theme, also where it is translucent. */
const dotsOf = (page: Page, chart: RegExp, token: string): Promise<number> =>
  page.evaluate<number>(`(() => {
    const probe = document.createElement("span");
    probe.style.color = "var(${token})";
    document.body.append(probe);
    const [r, g, b] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
    probe.remove();
    const charts = [...document.querySelectorAll("[role=img][aria-label]")];
    const canvas = charts.find((one) => ${chart}.test(one.ariaLabel))?.querySelector("canvas");
    if (canvas == null) return -1;
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let dots = 0;
    const isNear = (one, other) => Math.abs(one - other) < 40;
    for (let at = 0; at < data.length; at += 4)
      if (data[at + 3] > 30 && isNear(data[at], r) && isNear(data[at + 1], g) && isNear(data[at + 2], b))
        dots += 1;
    return dots;
  })()`);

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
    .getByText(/^Failed: p95 of GET \/products was [\d.]+ ms, its limit is 1 ms\.$/)
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

test("a criterion shows its window, its endpoint and its own chart with the limit and what lies beyond it", async () => {
  const { client, address } = world.server;
  const loadTestId = await defineShop(client, world.shop.url);
  const criteria = [
    { expression: "p95(GET /products) < 0.001 ms over steady" },
    { expression: "p95 < 20 s" },
    { expression: "errorRate < 99 %" },
    { expression: "p95(GET /nothing) < 1 ms" },
  ];
  const start = async (body: object) => {
    const { id } = await client.createRun({
      params: { loadTestId },
      body: { targetUsers: 8, spawnRate: 8, durationSeconds: 8, ...body },
    });
    await settled(client, id);
    return id;
  };
  await start({ criteria: [{ expression: "p95 < 20 s" }] });
  await start({});
  const id = await start({ criteria });
  const { page, expectClean } = await openPage(world.browser, address);
  await page.goto(`${address}/runs/${id}`);
  const table = page.getByRole("table", { name: "Criteria" });
  // The first that is violated has its chart by itself; the others do not fit into those of all endpoints.
  const own = /^p95 of GET \/products, /;
  await page.getByRole("img", { name: /^p95 of GET \/products, .*last/ }).waitFor();
  await expect.poll(() => dotsOf(page, own, "--fail")).toBeGreaterThan(50);
  const stack = page.getByRole("img", { name: /^Response time,/ });
  expect(await stack.getAttribute("aria-label")).toContain("Limits: p95 < 20 s.");
  expect(await dotsOf(page, /^Response time,/, "--fail")).toBe(0);

  const criterion = table.getByRole("button", { name: criteria[0]?.expression ?? "" });
  await criterion.click();
  await expect.poll(() => new URL(page.url()).searchParams.get("criterion")).toBe("c1");
  const { searchParams } = new URL(page.url());
  expect(searchParams.get("window")).toBe("steady");
  expect(searchParams.get("endpoint")).toContain("GET /products");
  expect(await criterion.getAttribute("aria-pressed")).toBe("true");
  await expect.poll(() => stack.getAttribute("aria-label")).toMatch(/Limits: p95 < 0\.00? ms\.$/);
  expect(await violationsOf(page)).toEqual([]);
  // The same address shows the same.
  await page.reload();
  await expect.poll(() => criterion.getAttribute("aria-pressed")).toBe("true");
  await table.getByRole("button", { name: "errorRate < 99 %" }).click();
  await page.getByRole("img", { name: /^errorRate, %/ }).waitFor();
  expect(await dotsOf(page, /^errorRate, %/, "--fail")).toBe(0);
  await table.getByRole("button", { name: "errorRate < 99 %" }).click();
  await expect.poll(() => new URL(page.url()).search).toBe("");

  await page.goto(`${address}/load-tests/${loadTestId}`);
  await page.getByText("marked by verdict").waitFor();
  const marks = "[...document.querySelectorAll('svg [data-mark]')].map((one) => one.dataset.mark)";
  await expect
    .poll(() => page.evaluate<string[]>(marks))
    .toEqual(["passed", "failed", "finished", "passed", "finished", "failed"]);
  expectClean();
  await page.close();
});
