import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@load-manager/contract/api/client.ts";
import { type Browser, chromium, type Page } from "playwright-core";
import { startShop } from "../examples/shop/shop.ts";
import { median, type Row } from "./lib/pairs.ts";
import { type Cell, cellsOf } from "./lib/payload.ts";
import { startProgram } from "./lib/processes.ts";
import { storeDay } from "./lib/stored-day.ts";

const ROOT = join(import.meta.dirname, "..");
const [ENDPOINTS, POOL, TRIES] = [100, 600, 7];
const [OPEN_GOAL_MS, ZOOM_GOAL_MS, FRAME_GOAL_MS] = [1500, 300, 16];
const LIVE_SECONDS = 30;

/** A locustfile with as many endpoints, each asked about once a second. */
const SCRIPT = `
from locust import User, constant, task
import random

class Shopper(User):
    wait_time = constant(1)

    @task
    def ask(self):
        for name in range(${ENDPOINTS}):
            self.environment.events.request.fire(
                request_type="GET", name="/endpoint/%d" % name, response_time=random.lognormvariate(3, 1),
                response_length=1, exception=None, context={})
`;

/** In the page: resolves when every chart is drawn, with the time since \`since\` in ms. */
const DRAWN = `(since) => new Promise((resolve) => {
  const look = () => {
    const charts = [...document.querySelectorAll("[role=img][aria-label] canvas")];
    if (charts.length >= 6) resolve(performance.now() - since);
    else requestAnimationFrame(look);
  };
  look();
})`;

const opened = async (browser: Browser, url: string): Promise<number> => {
  const page = await browser.newPage({ viewport: { width: 1440, height: 1200 } });
  await page.goto(url, { waitUntil: "commit" });
  const ms = await page.evaluate<number>(`(${DRAWN})(0)`);
  // The next try begins with a server that has nothing left to answer.
  await page.getByRole("table", { name: "Endpoints" }).waitFor();
  await sleep(500);
  await page.close();
  return ms;
};

/** In the page: resolves when the number of requests has changed, with the time since this call in ms: notes change before it. */
const CHANGED = `new Promise((resolve) => {
  const figures = document.querySelector("[aria-label='Key figures']");
  const requests = () => [...figures.querySelectorAll("dl > div")].at(-1).children[1].innerText;
  const before = requests();
  addEventListener("mouseup", () => {
    const begun = performance.now();
    const look = () => {
      if (requests() !== before) resolve(performance.now() - begun);
      else requestAnimationFrame(look);
    };
    look();
  }, { once: true, capture: true });
})`;

/** A window that nobody has asked for yet is dragged in a chart: from the end of the drag until its figures are shown. */
const zoomed = async (page: Page, index: number): Promise<number> => {
  const chart = await page
    .locator("[role=img][aria-label^='Requests per second'] .u-over")
    .boundingBox();
  if (chart === null) throw new Error("the page has no chart of requests per second");
  const [y, from] = [chart.y + chart.height / 2, chart.x + chart.width * (0.05 + 0.1 * index)];
  const changed = page.evaluate<number>(CHANGED);
  await page.mouse.move(from, y);
  await page.mouse.down();
  await page.mouse.move(from + chart.width * (0.05 + 0.03 * index), y, { steps: 4 });
  await page.mouse.up();
  const ms = await changed;
  await page.keyboard.press("w");
  await sleep(1000);
  return ms;
};

type TraceEvent = {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly args?: { readonly name?: string };
};

/**
 * Of each second of a live run: the longest task of the page's main thread, which is what can hold up a frame, and the work
 * of all its tasks. In ms.
 */
const liveSeconds = async (
  browser: Browser,
  page: Page,
): Promise<{ readonly longest: number[]; readonly all: number[] }> => {
  await browser.startTracing(page, {
    categories: ["toplevel", "disabled-by-default-devtools.timeline"],
  });
  await sleep((LIVE_SECONDS - 12) * 1000);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    readonly traceEvents: readonly TraceEvent[];
  };
  const mains = new Set(
    traceEvents
      .filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain")
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const seconds = new Map<number, number[]>();
  for (const { name, pid, tid, ts, dur } of traceEvents) {
    if (dur === undefined || !name.endsWith("RunTask") || !mains.has(`${pid} ${tid}`)) continue;
    const second = Math.floor(ts / 1e6);
    seconds.set(second, [...(seconds.get(second) ?? []), dur / 1000]);
  }
  // The first and the last one are not whole.
  const whole = [...seconds].toSorted(([one], [other]) => one - other).slice(1, -1);
  return {
    longest: whole.map(([, tasks]) => Math.max(...tasks)),
    all: whole.map(([, tasks]) => tasks.reduce((sum, ms) => sum + ms, 0)),
  };
};

const row = (what: string, values: readonly number[], goal?: number): Row => ({
  what,
  value: `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}, ${values.length} tries)`,
  ratio: null,
  ...(goal === undefined ? {} : { goal: `≤ ${goal} ms`, met: median(values) <= goal }),
});

/** The page in a real Chromium: a run of a day with 100 endpoints, and one that goes on. */
export const pageRows = async (): Promise<Row[]> => {
  const file = process.env["LOAD_MANAGER_TEST_CHROMIUM"];
  if (file === undefined) return [{ what: "page", value: "no Chromium", ratio: null }];
  const folder = mkdtempSync(join(tmpdir(), "load-manager-page-"));
  const dataDir = join(folder, "data");
  const pool = Array.from({ length: POOL }, (_, index) => cellsOf(ENDPOINTS, index + 1));
  const cellsAt = (second: number): readonly Cell[] => pool[second % POOL] ?? [];
  await storeDay(dataDir, cellsAt);
  const ready = /ready: (http:\S+)/;
  const args = ["serve", "--port", "0", "--data-dir", dataDir];
  const cli = join(ROOT, "cli/bin/load-manager.js");
  const server = await startProgram(process.execPath, [cli, ...args], ready);
  const address = ready.exec(server.output())?.[1] ?? "";
  const shop = await startShop();
  const browser = await chromium.launch({
    executablePath: file,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const url = `${address}/runs/run-0`;
    const opens: number[] = [];
    for (let index = 0; index <= TRIES; index += 1) opens.push(await opened(browser, url));
    const page = await browser.newPage({ viewport: { width: 1440, height: 1200 } });
    await page.goto(url);
    await page.evaluate(`(${DRAWN})(0)`);
    const zooms: number[] = [];
    for (let index = 0; index < TRIES; index += 1) zooms.push(await zoomed(page, index));
    const client = createClient({ baseUrl: address });
    const scope = { accountId: "bench", orgId: "bench", projectId: "bench" };
    const loadTest = await client.createLoadTest({
      body: { ...scope, name: "Live", targetUrl: shop.url, locustfile: SCRIPT },
    });
    const body = { targetUsers: 10, spawnRate: 10, durationSeconds: LIVE_SECONDS };
    const run = await client.createRun({ params: { loadTestId: loadTest.id }, body });
    await page.goto(`${address}/runs/${run.id}`);
    await page.evaluate(`(${DRAWN})(0)`);
    const { longest, all } = await liveSeconds(browser, page);
    // Its processes end with the run, and outlive the server.
    while ((await client.getRun({ params: { runId: run.id } })).settledAt === undefined)
      await sleep(500);
    return [
      // The first try also fills the caches of the system.
      row(
        "page: a run of 24 h with 100 endpoints, from its address to all charts drawn",
        opens.slice(1),
        OPEN_GOAL_MS,
      ),
      row(
        "page: its window changed, until the figures are those of the window",
        zooms,
        ZOOM_GOAL_MS,
      ),
      row(
        "page: the longest task of its main thread in a second of a live run with 100 endpoints",
        longest,
        FRAME_GOAL_MS,
      ),
      row("page: all tasks of its main thread in such a second", all),
    ];
  } finally {
    await browser.close();
    await server.stop();
    await shop.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
