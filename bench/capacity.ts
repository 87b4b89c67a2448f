import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Row } from "./lib/pairs.ts";
import { batchOf, cellsOf, sampleBody } from "./lib/payload.ts";
import { portOf, poster } from "./lib/posting.ts";
import { cpuOf, memoryOf, startProgram } from "./lib/processes.ts";

const [RUNS, ENDPOINTS] = [1000, 100];

/** Many runs at once, each with one sample a second as its plugin would send it, spread over the second, with compaction. */
export const capacityRows = async (): Promise<Row[]> => {
  const seconds = Number(process.env["LOAD_MANAGER_BENCH_SECONDS"] ?? 30);
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-"));
  const dataDir = join(folder, "data");
  const server = await startProgram(
    process.execPath,
    [join(import.meta.dirname, "lib/ingest-server.ts"), dataDir, String(RUNS), "compact"],
    /ready: \d+/,
  );
  const { post, close } = poster(portOf(server), 64);
  const pool = Array.from({ length: 60 }, (_, index) => cellsOf(ENDPOINTS, index + 1));
  const requestsOf = pool.map((cells) =>
    cells.reduce((sum, { ok, failed }) => sum + ok.length + failed.length, 0),
  );
  const took: number[] = [];
  const pending: Promise<void>[] = [];
  let late = 0;
  const begun = Date.now();
  const cpuBefore = cpuOf(server.pid);
  const first = Math.floor(begun / 1000);
  for (let tick = 0; tick < seconds; tick += 1) {
    const bodyAt = (names: boolean): Uint8Array =>
      sampleBody(first + tick, pool[tick % pool.length] ?? [], names);
    const body = bodyAt(tick === 0);
    for (let run = 0; run < RUNS; run += 1) {
      if (run % 50 === 0) {
        const due = begun + tick * 1000 + run;
        if (due > Date.now()) await sleep(due - Date.now());
        else late = Math.max(late, Date.now() - due);
      }
      pending.push(
        post(batchOf(`run-${run}`, tick + 1, [body])).then((ms) => {
          took.push(ms);
        }),
      );
    }
  }
  await Promise.all(pending);
  const elapsed = (Date.now() - begun) / 1000;
  const cpu = cpuOf(server.pid) - cpuBefore;
  const bytes = memoryOf(server.pid);
  const expected = Array.from(
    { length: seconds },
    (_, tick) => requestsOf[tick % pool.length] ?? 0,
  ).reduce((sum, count) => sum + count, 0);
  let lost = 0;
  for (const run of [0, 1, 499, 998, 999]) {
    const answer = await fetch(`http://127.0.0.1:${portOf(server)}/v1/runs/run-${run}/summary`);
    const { totalRequests } = (await answer.json()) as { totalRequests: number };
    lost += Math.abs(expected - totalRequests);
  }
  const disk = ["metrics.db", "metrics.db-wal"].reduce(
    (sum, name) => sum + (statSync(join(dataDir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
  close();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
  took.sort((a, b) => a - b);
  const p99 = took[Math.floor(took.length * 0.99)] ?? 0;
  const cores = cpu / elapsed;
  return [
    {
      what: `capacity: ${RUNS} runs × ${ENDPOINTS} endpoints, one sample a second, for ${seconds} s`,
      value: `${took.length} batches acknowledged, ${lost} requests missing in the 5 runs checked; ack p50 ${(took[Math.floor(took.length / 2)] ?? 0).toFixed(1)} ms, p99 ${p99.toFixed(0)} ms; ${cores.toFixed(2)} cores; ${(bytes / 1e9).toFixed(2)} GB resident; ${(disk / 1e6).toFixed(0)} MB on disk; sender late by at most ${late} ms`,
      ratio: null,
      goal: "0 lost, p99 ≤ 250 ms, ≤ 1 core",
      met: lost === 0 && p99 <= 250 && cores <= 1,
    },
  ];
};
