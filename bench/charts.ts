import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inPairs, type Row, timed } from "./lib/pairs.ts";
import { type Cell, cellsOf } from "./lib/payload.ts";
import { type Peer, startInflux, startPrometheus, timesOf } from "./lib/peers.ts";
import { portOf } from "./lib/posting.ts";
import { startProgram } from "./lib/processes.ts";
import { DAY_BEGIN, DAY_SECONDS, storeDay } from "./lib/stored-day.ts";

const POOL = 3600;

/** Charts of a day of one endpoint with 1,000 points at most, against the same data in the peers with a step of 60 s. */
export const chartRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-"));
  const rows: Row[] = [];
  const pool = Array.from({ length: POOL }, (_, index) => cellsOf(1, index + 1)[0]);
  const cellOf = (second: number): Cell => pool[second % POOL] ?? { ok: [], failed: [] };
  const dataDir = join(folder, "ours");
  await storeDay(dataDir, (second) => [cellOf(second)]);
  const server = await startProgram(
    process.execPath,
    [join(import.meta.dirname, "lib/ingest-server.ts"), dataDir, "0", "still"],
    /ready: \d+/,
  );
  const chart = (fields: string) => () =>
    timed(async () => {
      const path = `metrics/timeseries?points=1000&format=columns&endpoint=GET%20/endpoint/0&fields=${fields}`;
      const answer = await fetch(`http://127.0.0.1:${portOf(server)}/v1/runs/run-0/${path}`);
      const text = await answer.text();
      if (!answer.ok) throw new Error(text);
    });
  const times = timesOf(
    Array.from({ length: DAY_SECONDS }, (_, second) => ({
      second: DAY_BEGIN + second,
      cell: cellOf(second),
    })),
  );
  const peers: Peer[] = [];
  try {
    for (const start of [startPrometheus, startInflux]) {
      const peer = await start(join(folder, start.name));
      if (peer === undefined) {
        rows.push({ what: start.name, value: "not installed", ratio: null });
        continue;
      }
      peers.push(peer);
      for (let from = 0; from < DAY_SECONDS; from += 600)
        await peer.writeTimes(times.slice(from, from + 600));
      const isPrometheus = peer.name === "Prometheus";
      const compared = [
        ["averages", "avgResponseMs", peer.averages, isPrometheus ? 1 : 0.5],
        ["three percentiles", "p50ResponseMs,p95ResponseMs,p99ResponseMs", peer.quantiles, 0.5],
      ] as const;
      for (const [what, fields, query, limit] of compared) {
        const result = await inPairs(9, chart(fields), () =>
          timed(async () => {
            if ((await query(DAY_BEGIN, DAY_BEGIN + DAY_SECONDS)) < 1000)
              throw new Error("too few points");
          }),
        );
        rows.push({
          what: `24 h of one endpoint: ${what} vs ${peer.name} with a step of 60 s`,
          value: `${result.ours.toFixed(1)} vs ${result.other.toFixed(1)} ms`,
          ...result,
          goal: `≤ ${limit}×`,
          met: result.ratio <= limit,
        });
      }
    }
  } finally {
    for (const peer of peers) await peer.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
};
