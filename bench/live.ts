import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inPairs, type Row } from "./lib/pairs.ts";
import { batchOf, bodies } from "./lib/payload.ts";
import { portOf, poster } from "./lib/posting.ts";
import { cpuOf, memoryOf, type Program, startProgram } from "./lib/processes.ts";

const [VIEWERS, EVENTS, ENDPOINTS] = [1000, 20, 100];
const file = (name: string): string => join(import.meta.dirname, "lib", name);

/** Opens streams; `received` counts the events of the last one. */
const watch = async (port: number, path: string, viewers: number) => {
  const requests: ClientRequest[] = [];
  let text = "";
  for (let viewer = 0; viewer < viewers; viewer += 1) {
    await new Promise<void>((resolve, reject) => {
      const request = get({ port, host: "127.0.0.1", path }, (answer) => {
        answer.on("data", (chunk: Buffer) => {
          if (viewer === viewers - 1) text += chunk.toString("utf8");
        });
        resolve();
      });
      request.on("error", () => reject(new Error("a stream could not be opened")));
      requests.push(request);
    });
  }
  return {
    received: () => text.split("event: sample").length - 1,
    text: () => text,
    close: () => {
      for (const request of requests) request.on("error", () => {}).destroy();
    },
  };
};

const until = async (check: () => boolean): Promise<void> => {
  while (!check()) await sleep(2);
};

const streams = async (folder: string): Promise<Row[]> => {
  const ours = await startProgram(
    process.execPath,
    [file("ingest-server.ts"), join(folder, "streams"), "1", "still"],
    /ready: \d+/,
  );
  const bare = await startProgram(process.execPath, [file("bare-sse-server.ts")], /ready: \d+/);
  const pool = bodies(EVENTS * 12, ENDPOINTS, 1_800_000_000);
  const viewers = await watch(portOf(ours), "/v1/runs/run-0/stream", VIEWERS);
  const others = await watch(portOf(bare), "/", VIEWERS);
  const { post, close } = poster(portOf(ours), 1);
  let seq = 0;
  let frame = "";
  const perViewer = async (program: Program, emit: () => Promise<unknown>): Promise<number> => {
    const before = cpuOf(program.pid);
    for (let event = 0; event < EVENTS; event += 1) await emit();
    return (cpuOf(program.pid) - before) / (EVENTS * VIEWERS);
  };
  try {
    const result = await inPairs(
      7,
      () =>
        perViewer(ours, async () => {
          seq += 1;
          await post(batchOf("run-0", seq, [pool[seq - 1] ?? new Uint8Array()]));
          await until(() => viewers.received() >= seq);
          frame = `event: sample${viewers.text().split("event: sample").at(-1)}`;
        }),
      () =>
        perViewer(bare, async () => {
          const before = others.received();
          await fetch(`http://127.0.0.1:${portOf(bare)}/`, { method: "POST", body: frame });
          await until(() => others.received() > before);
        }),
    );
    return [
      {
        what: `live stream, ${VIEWERS} viewers, ${(frame.length / 1000).toFixed(0)} kB an event (ingest included): CPU per viewer and event vs bare node:http`,
        value: `${(result.ours * 1e6).toFixed(0)} vs ${(result.other * 1e6).toFixed(0)} µs`,
        ...result,
        goal: "≤ 1.3×",
        met: result.ratio <= 1.3,
      },
      {
        what: "live stream: 1,000 viewers at one event a second",
        value: `${(result.ours * 1000 * 100).toFixed(1)} % of a core`,
        ratio: null,
        goal: "≤ 5 %",
        met: result.ours * 1000 <= 0.05,
      },
    ];
  } finally {
    viewers.close();
    others.close();
    close();
    await ours.stop();
    await bare.stop();
  }
};

const memory = async (folder: string): Promise<Row[]> => {
  const resident = async (runs: number, seconds: number): Promise<number> => {
    const dataDir = join(folder, `memory-${runs}-${seconds}`);
    const server = await startProgram(
      process.execPath,
      [file("ingest-server.ts"), dataDir, String(runs), "still"],
      /ready: \d+/,
    );
    const { post, close } = poster(portOf(server), 8);
    const pool = bodies(Math.max(1, seconds), ENDPOINTS, 1_800_000_000);
    for (let second = 0; second < seconds; second += 1) {
      const body = pool[second] ?? new Uint8Array();
      await Promise.all(
        Array.from({ length: Math.min(runs, 100) }, (_, run) =>
          post(batchOf(`run-${run}`, second + 1, [body])),
        ),
      );
    }
    await sleep(2000);
    const bytes = memoryOf(server.pid);
    close();
    await server.stop();
    return bytes;
  };
  const [few, many, busy] = [
    await resident(1, 60),
    await resident(2001, 0),
    await resident(100, 60),
  ];
  const none = await resident(1, 0);
  const active = (busy - few) / 99;
  const idle = (many - none) / 2000;
  return [
    {
      what: "memory of an active run of 100 endpoints",
      value: `${(active / 1e6).toFixed(2)} MB`,
      ratio: null,
      goal: "≈ 4 MB",
      met: active <= 4.4e6,
    },
    {
      what: "memory of an idle run",
      value: `${(idle / 1000).toFixed(1)} kB`,
      ratio: null,
      goal: "≤ 50 kB",
      met: idle <= 50_000,
    },
  ];
};

/** The CPU of live streams, and the memory of runs. */
export const liveRows = async (): Promise<Row[]> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-bench-"));
  try {
    return [...(await streams(folder)), ...(await memory(folder))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
