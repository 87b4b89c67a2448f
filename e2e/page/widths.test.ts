import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { defineShop, running, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { pageWorld } from "./world.ts";

const world = pageWorld();

const LONG = `Long ${"n".repeat(145)}`;
const ENDPOINT = "L".repeat(1000);
const SCRIPT = `
from locust import User, constant, task

class Visitor(User):
    wait_time = constant(0.2)

    @task
    def visit(self):
        for name in ["/", "${ENDPOINT}"]:
            self.environment.events.request.fire(
                request_type="GET", name=name, response_time=20, response_length=1,
                exception=ValueError("${LONG}"), context={})
`;

/** Where the page scrolls sideways: how wide it is, and what stands out. */
const tooWide = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const isCut = (one) => {
      for (let at = one.parentElement; at !== null; at = at.parentElement)
        if (getComputedStyle(at).overflowX !== "visible") return true;
      return false;
    };
    const out = [...document.querySelectorAll("body *")].filter(
      (one) => one.getBoundingClientRect().right > clientWidth + 1 && !isCut(one),
    );
    return [scrollWidth + " px", ...out.slice(0, 3).map((one) => one.outerHTML.slice(0, 120))];
  })()`);

/** Words of buttons that have less room than they need. */
const cutButtons = (page: Page): Promise<string[]> =>
  page.evaluate<string[]>(`[...document.querySelectorAll(".mantine-Button-label")]
    .filter((one) => one.scrollWidth > one.clientWidth)
    .map((one) => one.innerText)`);

const start = async (durationSeconds: number) => {
  const { client } = world.server;
  const loadTestId = await defineShop(client, `http://${LONG.slice(5, 65)}.test`, {
    locustfile: SCRIPT,
    name: LONG,
    tags: [LONG.slice(5, 65)],
    criteria: [{ expression: `p95(GET ${ENDPOINT.slice(0, 200)}*) < 1 ms` }],
  });
  const body = { name: LONG, targetUsers: 2, spawnRate: 2, durationSeconds, notes: LONG };
  const { id: runId } = await client.createRun({ params: { loadTestId }, body });
  return { loadTestId, runId };
};

test("nothing is wider than the screen, however long the names are", async () => {
  const { client, address } = world.server;
  const { loadTestId, runId } = await start(4);
  await settled(client, runId);
  const endpoint = encodeURIComponent(JSON.stringify([`GET ${ENDPOINT}`]));
  const pages = [
    ["/", "Latest results"],
    ["/load-tests", LONG],
    [`/load-tests/${loadTestId}`, "Start run"],
    ["/runs", LONG],
    [`/runs/${runId}`, "Aggregated"],
    [`/runs/${runId}?endpoint=${endpoint}`, "Aggregated"],
    ["/clusters", "Attach your own Locust"],
    ["/about", "Who you are"],
  ] as const;
  for (const width of [390, 640, 700, 1024]) {
    const context = await world.browser.newContext({ viewport: { width, height: 900 } });
    const { page, expectClean } = await openPage(context, address);
    for (const [path, text] of pages) {
      await page.goto(`${address}${path}`);
      await page.getByText(text).first().waitFor();
      const where = `${width} px, ${path.slice(0, 60)}`;
      expect([where, ...(await tooWide(page))]).toEqual([where]);
    }
    expectClean();
    await context.close();
  }
});

test("a sheet of paper has room for every table", async () => {
  const { client, address } = world.server;
  const { runId } = await start(4);
  await settled(client, runId);
  // A4 with the margins that browsers leave.
  const context = await world.browser.newContext({ viewport: { width: 718, height: 1000 } });
  const { page } = await openPage(context, address);
  await page.emulateMedia({ media: "print" });
  await page.goto(`${address}/runs/${runId}`);
  await page.getByText("Aggregated").waitFor();
  expect(await tooWide(page)).toEqual([]);
  await context.close();
});

test("a phone has the two actions of a run that goes on, the others in a menu, and a search", async () => {
  const { client, address } = world.server;
  const { runId } = await start(60);
  await running(client, runId);
  const context = await world.browser.newContext({ viewport: { width: 390, height: 844 } });
  const { page, expectClean } = await openPage(context, address);
  await page.goto(`${address}/runs/${runId}`);
  await page.getByRole("button", { name: "Change users" }).waitFor();
  await page.getByRole("button", { name: "Stop run" }).waitFor();
  expect(await cutButtons(page)).toEqual([]);
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Keep" }).click();
  await expect.poll(async () => (await client.getRun({ params: { runId } })).keep).toBe(true);
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("[aria-label='Search load tests and runs']:focus").waitFor();
  await page.keyboard.type("Long");
  await page.getByRole("option").first().waitFor();
  expect(await tooWide(page)).toEqual([]);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("button", { name: "Menu" }).click();
  await page.getByRole("link", { name: "Clusters" }).waitFor();
  expectClean();
  await client.stopRun({ params: { runId }, body: {} });
  await settled(client, runId);
  await context.close();
});

test("whatever has the focus has an outline of 2 px around it", async () => {
  const { page } = await openPage(world.browser, world.server.address);
  for (const path of ["/runs", "/load-tests?new=true"]) {
    await page.goto(`${world.server.address}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    const seen = new Set<string>();
    for (let press = 0; press < 20; press += 1) {
      await page.keyboard.press("Tab");
      const [name, outline] = await page.evaluate<[string, string]>(`(() => {
        const field = document.activeElement.closest(".mantine-Input-input") ?? document.activeElement;
        const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(field);
        if (document.activeElement === document.body) return ["", ""];
        const name = document.activeElement.ariaLabel ?? document.activeElement.outerHTML.slice(0, 80);
        return [name, [outlineStyle, outlineWidth, outlineOffset].join(" ")];
      })()`);
      // After the last element the focus is in the browser's own controls.
      if (name === "") continue;
      seen.add(name);
      expect([path, name, outline]).toEqual([path, name, "solid 2px 2px"]);
    }
    expect(seen.size).toBeGreaterThan(4);
  }
  await page.close();
});
