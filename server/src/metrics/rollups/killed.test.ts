import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteStores } from "../../stores/sqlite/stores.ts";
import { createRunAggregateCache } from "../live/run-aggregate-cache.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** A program that appends samples of one request each and compacts at the same time; it prints the last acknowledged seq. */
const program = (dataDir: string, from: number): string => `
  const { openSqliteStores } = await import(${url("../../stores/sqlite/stores.ts")});
  const { sampleRecord } = await import(${url("../testing/fixtures.ts")});
  const { createCompactor } = await import(${url("./compactor.ts")});
  const { metrics } = await openSqliteStores({ dataDir: ${JSON.stringify(dataDir)} });
  let seq = ${from};
  const compactor = createCompactor({
    metrics,
    clock: { now: () => (seq + 1e6) * 1000, monotonic: () => 0, wall: () => (seq + 1e6) * 1000 },
    log: { debug() {}, info() {}, warn: console.error, error: console.error },
    retention: { secondsDays: 14, tenSecondsDays: 90 },
    keptRunIds: async () => [],
  });
  const compacting = async () => { for (;;) await compactor.runOnce(); };
  void compacting();
  for (;;) {
    const batch = [1, 2, 3, 4, 5].map((step) => sampleRecord(seq + step, 1000 + seq + step, [{ name: "/a", ok: [step] }]));
    await metrics.append(batch);
    await metrics.append(batch.slice(2));
    seq += 5;
    process.stdout.write(seq + "\\n");
  }`;

test("a process killed repeatedly while it appends and compacts: no acknowledged sample is lost or counted twice", async () => {
  const folder = temporaryFolder();
  const dataDir = join(folder, "data");
  let inRollups = 0;
  let acknowledged = 0;
  for (let round = 0; round < 4; round += 1) {
    const file = join(folder, `program-${round}.mjs`);
    writeFileSync(file, program(dataDir, acknowledged));
    const child = spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    await new Promise<void>((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", () => resolve());
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        output += text;
        const lines = output.split("\n").length;
        // At a different moment each time, also during a compaction.
        if (lines > 70 + round * 17) child.kill("SIGKILL");
      });
    });
    const stores = await openSqliteStores({ dataDir });
    const printed = Number(output.slice(0, output.lastIndexOf("\n")).split("\n").at(-1));
    expect(printed).toBeGreaterThan(acknowledged);
    const runAggregate = await createRunAggregateCache(stores.metrics).get("run");
    const reading = await stores.metrics.readRollups("run", { rollups: [], records: {} });
    inRollups = reading.compacted.reduce((sum, { fromSeq, toSeq }) => sum + toSeq - fromSeq + 1, 0);
    // The last batch may be stored completely without being acknowledged.
    expect(runAggregate.requests).toBe(inRollups + reading.records.length);
    expect([printed, printed + 5]).toContain(runAggregate.requests);
    acknowledged = runAggregate.requests;
    await stores.close();
  }
  expect(inRollups).toBeGreaterThan(100);
});
