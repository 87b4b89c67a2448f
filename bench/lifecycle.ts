import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@load-manager/contract/api/client.ts";
import { startShop } from "../examples/shop/shop.ts";
import { median, type Row } from "./lib/pairs.ts";
import { startProgram } from "./lib/processes.ts";

const [RUNS, SECONDS] = [9, 3];
const [START_GOAL_MS, END_GOAL_MS] = [4000, 3000];
const ROOT = join(import.meta.dirname, "..");
const SCRIPT = readFileSync(join(ROOT, "examples/shop/locustfile.py"), "utf8");

const spread = (values: readonly number[]): string =>
  `${(median(values) / 1000).toFixed(1)} s (${(Math.min(...values) / 1000).toFixed(1)}–${(Math.max(...values) / 1000).toFixed(1)}, ${values.length} runs)`;

/** From the answer to the first request at the target, and from the end of the load until the run is settled. */
export const lifecycleRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-lifecycle-"));
  const shop = await startShop();
  const ready = /ready: (http:\S+)/;
  const args = ["serve", "--port", "0", "--data-dir", join(folder, "data")];
  const program = [join(ROOT, "cli/bin/load-manager.js"), ...args];
  const server = await startProgram(process.execPath, program, ready);
  const client = createClient({ baseUrl: ready.exec(server.output())?.[1] ?? "" });
  const starts: number[] = [];
  const ends: number[] = [];
  try {
    const scope = { accountId: "bench", orgId: "bench", projectId: "bench" };
    const loadTest = await client.createLoadTest({
      body: { ...scope, name: "Lifecycle", targetUrl: shop.url, locustfile: SCRIPT },
    });
    for (let run = 0; run < RUNS; run += 1) {
      const body = { targetUsers: 2, spawnRate: 2, durationSeconds: SECONDS };
      const { id } = await client.createRun({ params: { loadTestId: loadTest.id }, body });
      const answered = Date.now();
      while (Object.keys(shop.counts(id)).length === 0) await sleep(10);
      starts.push(Date.now() - answered);
      let ended = await client.getRun({ params: { runId: id } });
      while (ended.settledAt === undefined) {
        await sleep(50);
        ended = await client.getRun({ params: { runId: id } });
      }
      ends.push(ended.settledAt - (ended.loadEndedAt ?? ended.settledAt));
    }
  } finally {
    await server.stop();
    await shop.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return [
    {
      what: "local run: from its 201 to its first request at the target",
      value: spread(starts),
      ratio: null,
      goal: "≤ 4 s",
      met: median(starts) <= START_GOAL_MS,
    },
    {
      what: "local run: from the end of its load until it is settled",
      value: spread(ends),
      ratio: null,
      goal: "≤ 3 s",
      met: median(ends) <= END_GOAL_MS,
    },
  ];
};
