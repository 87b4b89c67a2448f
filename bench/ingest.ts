import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inPairs, type Row } from "./lib/pairs.ts";
import { batchOf, bodies } from "./lib/payload.ts";
import { portOf, poster } from "./lib/posting.ts";
import { cpuOf, type Program, startProgram } from "./lib/processes.ts";

const [RUNS, ENDPOINTS, SECONDS] = [100, 100, 30];
const file = (name: string): string => join(import.meta.dirname, "lib", name);

/** Posts batches, eight at a time; resolves when all are answered. */
const post = async (port: number, batches: readonly Uint8Array[]): Promise<void> => {
  const { post: one, close } = poster(port, 8);
  const left = [...batches];
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) await one(next);
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  close();
};

/** CPU of the whole ingest of a batch vs a server that discards the body; one sample in each batch, as a live run sends. */
export const ingestRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-"));
  const pool = bodies(3000, ENDPOINTS, 1_800_000_000);
  const ours = await startProgram(
    process.execPath,
    [file("ingest-server.ts"), join(folder, "data"), String(RUNS), "still"],
    /ready: \d+/,
  );
  const bare = await startProgram(process.execPath, [file("bare-server.ts")], /ready: \d+/);
  let turn = 0;
  const batches = (from: number): Uint8Array[] =>
    Array.from({ length: RUNS * SECONDS }, (_, index) => {
      const second = from + Math.floor(index / RUNS);
      return batchOf(`run-${index % RUNS}`, second + 1, [
        pool[second % pool.length] ?? new Uint8Array(),
      ]);
    });
  const cpu = async (program: Program): Promise<number> => {
    const list = batches(turn * SECONDS);
    const before = cpuOf(program.pid);
    await post(portOf(program), list);
    return (cpuOf(program.pid) - before) / list.length;
  };
  try {
    const result = await inPairs(
      7,
      () => cpu(ours),
      async () => {
        const used = await cpu(bare);
        turn += 1;
        return used;
      },
    );
    const perEndpoint = (result.ours * 1e6) / ENDPOINTS;
    return [
      {
        what: "whole ingest, 100 endpoints: CPU vs node:http that discards the body",
        value: `${(result.ours * 1e6).toFixed(0)} vs ${(result.other * 1e6).toFixed(0)} µs a sample`,
        ...result,
        goal: "≤ 5×",
        met: result.ratio <= 5,
      },
      {
        what: "whole ingest: CPU per endpoint-second",
        value: `${perEndpoint.toFixed(2)} µs`,
        ratio: null,
        goal: "≤ 4 µs",
        met: perEndpoint <= 4,
      },
    ];
  } finally {
    await ours.stop();
    await bare.stop();
    rmSync(folder, { recursive: true, force: true });
  }
};
