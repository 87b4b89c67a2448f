import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { eventsOf, running, settled } from "../harness.ts";
import { openPage, violationsOf } from "./browser.ts";
import { endedRun } from "./ended-run.ts";

const { world, runIdOf, openRun } = endedRun();

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

test("arrows move the cursor of all charts and say the values, with Shift they choose a window, Enter zooms to it", async () => {
  const { page, expectClean } = await openRun();
  await charts(page).waitFor();
  const said = page.getByRole("status").filter({ hasText: /after load start|: Requests\/s/ });
  const secondsOf = (text: string): number[] =>
    [...text.matchAll(/(\d+):(\d\d)(?!:)/g)].map(([, min, s]) => Number(min) * 60 + Number(s));
  for (let press = 0; press < 9; press += 1) await page.keyboard.press("ArrowRight");
  const atCursor = await said.innerText();
  expect(atCursor).toMatch(/^0:0[789], /);
  for (const part of ["p95 ", "Failures per second: ", "Load generator CPU"])
    expect(atCursor).toContain(part);
  // The legend reads the same point.
  const legend = page.locator("li", { hasText: "Requests/s" }).locator("b");
  expect(atCursor).toContain(`Requests/s ${await legend.first().innerText()},`);
  await page.getByRole("region", { name: /^Charts over time/ }).focus();
  for (let press = 0; press < 8; press += 1) await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowLeft");
  const [from = 0, to = 0] = secondsOf(/Window ([^,]*)/.exec(await said.innerText())?.[1] ?? "");
  expect(to - from).toBe(7);
  const drawn = page.locator(".u-select");
  expect(await drawn.first().evaluate((element) => element.clientWidth)).toBeGreaterThan(20);
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.press("Enter");
  await expect.poll(() => windowOf(page)).toEqual([String(from * 1000), String(to * 1000)]);
  // What scrolls has the arrows for itself.
  await page.getByRole("region", { name: "Endpoints" }).focus();
  await page.keyboard.press("ArrowRight");
  expect(await said.count()).toBe(0);
  expectClean();
});

test("a click on the time axis or on the rail of events notes what happened then; the button notes now", async () => {
  const { page, expectClean } = await openRun("?from=10000&to=20000");
  const axis = page
    // The chart is made anew when its processes are known.
    .getByLabel(/^Load generator CPU,.*master from/)
    .locator(".u-axis")
    .first();
  await axis.scrollIntoViewIfNeeded();
  const { width = 0 } = (await axis.boundingBox()) ?? {};
  await axis.click({ position: { x: width / 2, y: 12 } });
  const dialog = page.getByRole("dialog", { name: "Add a note" });
  await dialog.getByText(/in the charts at 0:15, /).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.type("cache emptied");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: "List of events" }).getByText("cache emptied").waitFor();
  const { loadStartedAt = 0 } = await world.server.client.getRun({ params: { runId: runIdOf() } });
  const note = (await eventsOf(world.server.client, runIdOf())).find(({ type }) => type === "note");
  expect(note?.message).toBe("cache emptied");
  expect(Math.abs((note?.at ?? 0) - loadStartedAt - 15_000)).toBeLessThan(200);
  const rail = page.locator("svg", { hasText: "Add a note at this time" });
  const box = await rail.boundingBox();
  await rail.click({ position: { x: 56 + ((box?.width ?? 0) - 112) / 4, y: 6 } });
  await dialog.getByText(/in the charts at 0:1[23], /).waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Add a note" }).click();
  await dialog.getByText("in the charts at this moment").waitFor();
  expectClean();
});

test("t shows every chart as a table, with the API's figures", async () => {
  const { page, expectClean } = await openRun();
  await charts(page).waitFor();
  await page.keyboard.press("t");
  const table = (name: string) => page.getByRole("table", { name: `${name}, as a table` });
  for (const [name, head, seconds] of [
    ["Requests and response times", "p95", 1],
    ["Failures per second", /sold out/, 5],
    ["Requests by response time", / to .* ms/, 1],
    ["Load generator CPU, % of one core", "master", 1],
  ] as const) {
    await table(name).getByRole("columnheader", { name: head }).first().waitFor();
    expect(await table(name).getByRole("row").count()).toBeGreaterThan(25 / seconds);
  }
  const params = { runId: runIdOf() };
  const { points } = await world.server.client.getRunKnee({ params, query: {} });
  expect(await table("Where it breaks").getByRole("row").count()).toBe(points.length + 1);
  const { p95ResponseMs } = await world.server.client.getRunSummary({ params });
  const row = table("Percentile curve").getByRole("row", { name: /^95 / });
  expect(await row.innerText()).toMatch(new RegExp(`^95\\s+${Math.round(p95ResponseMs ?? 0)}$`));
  // Each request is in one cell of the distribution.
  const cells = await table("Requests by response time").locator("tbody td").allInnerTexts();
  const counts = cells
    .filter((text) => /^[\d,]+$/.test(text))
    .map((text) => Number(text.replaceAll(",", "")));
  const { timedRequests } = await world.server.client.getRunSummary({ params });
  expect(counts.reduce((sum, one) => sum + one, 0)).toBe(timedRequests);
  expect(await violationsOf(page)).toEqual([]);
  await page
    .getByRole("radiogroup", { name: "Percentile curve: chart or table" })
    .getByText("Chart")
    .click();
  await charts(page).waitFor();
  expectClean();
});

test("the percentile curve has a line for all, for each chosen endpoint and for the run laid under them; failures come in bars of 5 s", async () => {
  const [other] = (await world.server.client.listRuns({ query: { sort: "createdAt" } })).items;
  const { page, expectClean } = await openRun(
    `?endpoint=${encodeURIComponent('["GET /cart","GET /search"]')}&overlay=${other?.id}`,
  );
  const curve = page.getByRole("img", { name: /^Percentile curve, p95/ });
  const name = async (): Promise<string | null> => await curve.getAttribute("aria-label");
  const lines =
    /p95: All endpoints 1\d\d ms, GET \/cart 8\d\.\d ms, GET \/search 4\d\.\d ms, #1, all endpoints 1\d\d ms\./;
  await expect.poll(name).toMatch(lines);
  await page.keyboard.press("t");
  const table = page.getByRole("table", { name: "Percentile curve, as a table" });
  const row = table.getByRole("row", { name: /^95 / });
  const { items } = await world.server.client.getRunRequests({ params: { runId: runIdOf() } });
  const cart = items.find((one) => one.name === "/cart");
  expect((await row.innerText()).split(/\s+/)[2]).toBe(
    String(Math.round(cart?.p95ResponseMs ?? 0)),
  );
  await page.keyboard.press("t");
  await page.keyboard.press("w");
  await page.goto(`${world.server.address}/runs/${runIdOf()}`);
  // 10 users fail 5 times a second; the mean of each bar is of the seconds that it has.
  await page.getByRole("heading", { name: "Failures per second by error, 5 s bars" }).waitFor();
  const failures = await page
    .getByRole("img", { name: /^Failures per second/ })
    .getAttribute("aria-label");
  const most = Number(/to ([\d.]+), last/.exec(failures ?? "")?.[1]);
  expect(most).toBeGreaterThan(40);
  expect(most).toBeLessThan(60);
  await page.getByRole("button", { name: "revision 1" }).click();
  await page.getByText("def visit(self):").waitFor();
  await page.getByText("Script as it ran").click();
  await page.getByText("def visit(self):").waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "revision 1" }).click();
  await page.getByText("def visit(self):").waitFor();
  await page.getByRole("link", { name: "Shop" }).waitFor();
  expectClean();
});

test("the navigator: by pointer its middle is spanned, moved and resized, by keys too; a double click is the whole run", async () => {
  const { page, expectClean } = await openRun();
  const navigator = page.getByRole("group", { name: "Window in the whole run" });
  const slider = (name: string) => navigator.getByRole("slider", { name, exact: true });
  const window = slider("Window");
  await window.waitFor();
  const end = Number(await window.getAttribute("aria-valuemax"));
  /** Where a time is now: what is above the navigator grows and shrinks with the window. */
  const placeOf = async (at: number): Promise<{ readonly x: number; readonly y: number }> => {
    const svg = navigator.locator("svg");
    await svg.scrollIntoViewIfNeeded();
    let [box, before] = [await svg.boundingBox(), -1];
    const move = async (): Promise<number> => {
      before = box?.y ?? -1;
      box = await svg.boundingBox();
      return (box?.y ?? 0) - before;
    };
    await expect.poll(move, { interval: 300 }).toBe(0);
    if (box === null) throw new Error("the navigator has no place");
    return { x: box.x + 56 + (at / end) * (box.width - 112), y: box.y + 8 };
  };
  const drag = async (from: number, to: number): Promise<void> => {
    const [first, last] = [await placeOf(from), await placeOf(to)];
    await page.mouse.move(first.x, first.y);
    await page.mouse.down();
    await page.mouse.move(last.x, last.y, { steps: 5 });
    await page.mouse.up();
  };
  const seconds = (): number[] => windowOf(page).map((text) => Number(text) / 1000);
  // The end of the whole run first, then the start: what is between is the window.
  await drag(end, 20);
  await expect.poll(seconds).toEqual([0, 20]);
  await drag(0, 10);
  await expect.poll(seconds).toEqual([10, 20]);
  await drag(15, 18);
  await expect.poll(seconds).toEqual([13, 23]);
  // Beside the window another one is spanned.
  await drag(3, 8);
  await expect.poll(seconds).toEqual([3, 8]);
  expect(await window.getAttribute("aria-valuetext")).toBe("0:03 to 0:08, 5 s");
  await slider("End of the window").focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(seconds).toEqual([3, 9]);
  await slider("Start of the window").focus();
  await page.keyboard.press("Home");
  await expect.poll(seconds).toEqual([0, 9]);
  await window.focus();
  await page.keyboard.press("PageUp");
  await expect.poll(seconds).toEqual([10, 19]);
  expect(await violationsOf(page)).toEqual([]);
  const beside = await placeOf(25);
  await page.mouse.dblclick(beside.x, beside.y);
  await expect.poll(() => windowOf(page)).toEqual([null, null]);
  expectClean();
});

test("points outside the window are outlined, and said", async () => {
  const { page, expectClean } = await openRun("?from=12000&to=22000");
  await page.getByText("outlined ones lie outside the window").waitFor();
  await page.keyboard.press("w");
  await page.getByText(/One point for 10 s, a stronger shade with more users\./).waitFor();
  expectClean();
});

test("on a phone a row of a table has two lines, each figure with the head of its column", async () => {
  const { page, expectClean } = await openRun("", 390);
  const row = page
    .getByRole("table", { name: "Endpoints" })
    .getByRole("row")
    .filter({ hasText: "/checkout" });
  await row.waitFor();
  const tops = (): Promise<number[]> =>
    row
      .locator("td:visible")
      .evaluateAll((cells) => [
        ...new Set(cells.map((cell) => Math.round(cell.getBoundingClientRect().bottom))),
      ]);
  expect(await tops()).toHaveLength(2);
  const words = `getComputedStyle(document.querySelector('td[data-head="95%ile (ms)"]'), "::before").content`;
  expect(await page.evaluate<string>(words)).toBe('"95%ile (ms)"');
  const overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  expect(await page.evaluate<number>(overflow)).toBeLessThanOrEqual(0);
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});

test("a phone shows four figures and two charts, all else when asked for, and its menu leads to other pages", async () => {
  const { page, expectClean } = await openRun("", 390);
  await page.getByRole("img", { name: /^Response time,/ }).waitFor();
  const figures = page.getByRole("region", { name: "Key figures" }).locator("dt:visible");
  expect(await figures.allInnerTexts()).toEqual(["Users", "Requests per second", "Failed", "p95"]);
  const generators = page.getByRole("img", { name: /^Load generator CPU/ });
  expect(await generators.count()).toBe(0);
  await page.getByRole("button", { name: /^All charts/ }).click();
  await generators.waitFor();
  expect(await figures.count()).toBe(7);
  expect(await page.getByRole("link", { name: "Clusters" }).isVisible()).toBe(false);
  await page.getByRole("button", { name: "Menu" }).click();
  expect(await violationsOf(page)).toEqual([]);
  await page.getByRole("link", { name: "Clusters" }).click();
  await page.getByRole("heading", { name: "Clusters", level: 1 }).waitFor();
  expect(await page.getByRole("link", { name: "Clusters" }).isVisible()).toBe(false);
  expectClean();
});

test("the cursor's time stands on the axis, also in UTC", async () => {
  const { page, expectClean } = await openRun("");
  const chart = page.locator("[role=img][aria-label^='Response time,'] .u-over");
  await chart.hover();
  await page.getByText(/\d\d:\d\d:\d\d UTC$/).waitFor();
  expectClean();
});

test("while a run holds the cluster, the start says when the next begins; Home and the run show its time alike", async () => {
  const { loadTestId = "" } = await world.server.client.getRun({ params: { runId: runIdOf() } });
  const body = { targetUsers: 1, spawnRate: 1, durationSeconds: 600 };
  const { id } = await world.server.client.createRun({ params: { loadTestId }, body });
  const { loadStartedAt = 0 } = await running(world.server.client, id);
  const { page, expectClean } = await openPage(world.browser, world.server.address);
  await page.goto(`${world.server.address}/load-tests/${loadTestId}`);
  const line = page.getByRole("form", { name: "Start a run" }).locator("dl > div", {
    has: page.getByText("Expected start"),
  });
  await line.getByText("at the latest").waitFor();
  const expected = (await line.locator("time").getAttribute("datetime")) ?? "";
  expect(Date.parse(expected)).toBe(loadStartedAt + 600_000);
  const barOf = async (path: string): Promise<unknown[]> => {
    await page.goto(`${world.server.address}${path}`);
    await page.getByRole("progressbar", { name: "Part of the planned time" }).waitFor();
    return page.evaluate<unknown[]>(`(() => {
      const bar = document.querySelector("progress");
      const { height, borderTopColor, borderRadius, backgroundColor } = getComputedStyle(bar);
      return [bar.className, height, borderTopColor, borderRadius, backgroundColor];
    })()`);
  };
  expect(await barOf("/")).toEqual(await barOf(`/runs/${id}`));
  await world.server.client.stopRun({ params: { runId: id }, body: {} });
  await settled(world.server.client, id);
  expectClean();
});

test("an endpoint in the address that the run does not have is named", async () => {
  const { page, expectClean } = await openRun(`?endpoint=${encodeURIComponent('["GET /nope"]')}`);
  await page.getByText("GET /nope: no request of this window, so its charts are empty.").waitFor();
  expectClean();
});

test("the band of minimum and maximum can be hidden", async () => {
  const { page, expectClean } = await openRun();
  await charts(page).waitFor();
  const toggle = page.getByRole("button", { name: "Min to max" });
  await page.getByText("band: min to max").waitFor();
  await toggle.click();
  await page.getByText("band: min to max").waitFor({ state: "hidden" });
  await toggle.click();
  await page.getByText("band: min to max").waitFor();
  expectClean();
});

test("the file of the endpoints is of the window that the table shows", async () => {
  const { page, expectClean } = await openRun("?from=2000&to=6000");
  const total = page.getByRole("row", { name: /^Aggregated/ });
  await total.waitFor();
  const [, shown = ""] = await total.getByRole("cell").allInnerTexts();
  const address = await page.getByRole("link", { name: "CSV" }).getAttribute("href");
  const answer = await page.request.get(`${world.server.address}${address}`);
  const rows = (await answer.text()).trim().split("\r\n");
  const [, , requests] = rows.at(-1)?.split(",") ?? [];
  expect(rows.at(-1)).toMatch(/Aggregated/);
  expect(requests).toBe(shown.replaceAll(",", ""));
  expectClean();
});

test("an open menu, the search with what it found and the list of scopes violate no rule", async () => {
  const { page, expectClean } = await openRun();
  await charts(page).waitFor();
  await page.getByRole("button", { name: "More actions" }).press("Enter");
  await page.getByRole("menuitem", { name: "Copy link" }).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByLabel("Search load tests and runs").first().fill("shop");
  await page.getByRole("option").first().waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Scope: / }).click();
  await page.getByLabel("Search scopes").waitFor();
  expect(await violationsOf(page)).toEqual([]);
  expectClean();
});
