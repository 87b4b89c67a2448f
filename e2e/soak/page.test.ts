import { setTimeout as sleep } from "node:timers/promises";
import type { CDPSession } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startShop } from "../../examples/shop/shop.ts";
import {
  defineShop,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  settled,
  startServer,
} from "../harness.ts";
import { launchBrowser, openPage } from "../page/browser.ts";
import { median } from "./median.ts";

/** `npm run test:soak -- --hours N` sets it. */
const MINUTES = Number(process.env["LOAD_MANAGER_SOAK_MINUTES"] ?? 0);
/** Charts fill and code is compiled before this. */
const WARM_UP_MS = 120_000;

type Usage = {
  /** After a garbage collection. */
  readonly heapMiB: number;
  readonly nodes: number;
  readonly listeners: number;
  /** How much of the time since the usage before the main thread worked. */
  readonly busyPercent: number;
};

/** Measures a page again and again; the first usage counts from now. */
const measure = async (session: CDPSession) => {
  await session.send("Performance.enable");
  let before: { readonly at: number; readonly busy: number } | undefined;
  return async (): Promise<Usage> => {
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    const valueOf = (name: string): number => metrics.find((one) => one.name === name)?.value ?? 0;
    const now = { at: valueOf("Timestamp"), busy: valueOf("TaskDuration") };
    const share = before === undefined ? 0 : (now.busy - before.busy) / (now.at - before.at);
    before = now;
    return {
      heapMiB: valueOf("JSHeapUsedSize") / 2 ** 20,
      nodes: valueOf("Nodes"),
      listeners: valueOf("JSEventListeners"),
      busyPercent: share * 100,
    };
  };
};

describe.runIf(MINUTES > 0)("a page that is left open", () => {
  test(
    `on a run of ${MINUTES} minutes keeps no memory, elements or listeners`,
    { timeout: (MINUTES + 10) * 60_000 },
    async () => {
      const dataDir = newFolder();
      const python = LOCUSTS[0]?.python ?? "python3";
      const [shop, server, browser] = await Promise.all([
        startShop(),
        startServer({ python, dataDir }),
        launchBrowser(),
      ]);
      const { client } = server;
      const loadTestId = await defineShop(client, shop.url);
      const body = { targetUsers: 10, spawnRate: 1, durationSeconds: (MINUTES + 5) * 60 };
      const { id: runId } = await client.createRun({ params: { loadTestId }, body });
      await running(client, runId);
      const { page, expectClean } = await openPage(browser, server.address);
      await page.goto(`${server.address}/runs/${runId}`);
      const usageOf = await measure(await page.context().newCDPSession(page));
      await sleep(WARM_UP_MS);
      await usageOf();
      const usage: Usage[] = [];
      const end = Date.now() + MINUTES * 60_000 - WARM_UP_MS;
      while (Date.now() < end) {
        await sleep(15_000);
        usage.push(await usageOf());
      }
      await page.getByRole("heading", { level: 1 }).getByText("Running").waitFor();
      expectClean();
      const quarter = Math.max(1, Math.floor(usage.length / 4));
      const both = (of: (one: Usage) => number): [number, number] => [
        median(usage.slice(0, quarter).map(of)),
        median(usage.slice(-quarter).map(of)),
      ];
      const heapMiB = both((one) => one.heapMiB);
      const nodes = both((one) => one.nodes);
      const listeners = both((one) => one.listeners);
      const busyPercent = both((one) => one.busyPercent);
      const said = { heapMiB, nodes, listeners, busyPercent };
      process.stdout.write(`\na page open for ${MINUTES} minutes: ${JSON.stringify(said)}\n`);

      await browser.close();
      await client.stopRun({ params: { runId } });
      await settled(client, runId);
      await server.kill("SIGTERM");
      await shop.close();
      expectNoProcesses(dataDir);
      removeFolder(dataDir);

      // The charts get more points; each has at most some hundreds.
      expect(heapMiB[1]).toBeLessThanOrEqual(heapMiB[0] * 1.2 + 3);
      expect(nodes[1]).toBeLessThanOrEqual(nodes[0] * 1.2 + 200);
      expect(listeners[1]).toBeLessThanOrEqual(listeners[0] * 1.2 + 50);
    },
  );
});
