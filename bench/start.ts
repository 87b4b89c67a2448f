import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";
import { median, type Row } from "./lib/pairs.ts";
import { startProgram } from "./lib/processes.ts";

const TRIES = 9;
const GOAL_MS = 1000;
const READY = /ready: (http:\S+)/;
const cli = join(import.meta.dirname, "..", "cli/bin/load-manager.js");

const row = (what: string, values: readonly number[], goal?: number): Row => ({
  what,
  value: `${median(values).toFixed(0)} ms (${Math.min(...values).toFixed(0)}–${Math.max(...values).toFixed(0)}, ${values.length} tries)`,
  ratio: null,
  ...(goal === undefined ? {} : { goal: `≤ ${goal} ms`, met: median(values) <= goal }),
});

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** From the start of the server with an empty data folder until its first page can be used, in a new tab of a browser that is open. */
export const startRows = async (): Promise<Row[]> => {
  const file = process.env["LOAD_MANAGER_TEST_CHROMIUM"];
  if (file === undefined) return [{ what: "start", value: "no Chromium", ratio: null }];
  const folder = mkdtempSync(join(tmpdir(), "load-manager-start-"));
  const browser = await chromium.launch({
    executablePath: file,
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const [ready, usable]: [number[], number[]] = [[], []];
    // Node compiles the program at the first try.
    for (let index = 0; index <= TRIES; index += 1) {
      const args = ["serve", "--port", "0", "--data-dir", join(folder, String(index))];
      const context = await browser.newContext({ viewport: { width: 1440, height: 1200 } });
      const page = await context.newPage();
      // The browser is done with its tab.
      await sleep(500);
      const began = performance.now();
      const server = await startProgram(process.execPath, [cli, ...args], READY);
      ready.push(performance.now() - began);
      await page.goto(READY.exec(server.output())?.[1] ?? "", { waitUntil: "commit" });
      await page.getByRole("button", { name: "Start the run" }).waitFor();
      usable.push(performance.now() - began);
      await context.close();
      // What Node has compiled it keeps when the server ends by itself.
      process.kill(server.pid, "SIGTERM");
      while (isThere(server.pid)) await sleep(20);
    }
    return [
      row("start of the server until it listens", ready.slice(1)),
      row("start of the server until its page can be used", usable.slice(1), GOAL_MS),
    ];
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  }
};
