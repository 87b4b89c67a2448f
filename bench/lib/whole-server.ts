// Measures a whole server of any checkout through its API, independently of its internals.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type * as Payload from "./payload.ts";
import type { Measurements } from "./compare.ts";
import { median, timed } from "./pairs.ts";
import { poster } from "./posting.ts";
import { cpuOf, memoryOf, startProgram } from "./processes.ts";

const [RUNS, SECONDS, ENDPOINTS] = [8, 200, 100];
const [LOAD_TESTS, LISTS, QUERIES] = [500, 300, 100];
const SCOPE = { accountId: "bench", orgId: "bench", projectId: "bench" };
const CALLBACK_TOKEN = "callback-token-of-the-bench";

/** The cluster does not exist, so only the server works while it is measured. */
const CONFIG = `
security:
  locustCallbackToken: ${CALLBACK_TOKEN}
locustClusters:
  - id: nobody
    baseUrl: http://127.0.0.1:9
    accountId: bench
    orgId: bench
    projectId: bench
`;

const caller = (port: number) => async (method: string, path: string, body?: object) => {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/${path}`, {
    method,
    headers: { "x-locust-token": CALLBACK_TOKEN, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
};
type Call = ReturnType<typeof caller>;

/** The median time of one request, which short disturbances of the machine change little. */
const each = async (count: number, work: (index: number) => Promise<unknown>): Promise<number> => {
  const all: number[] = [];
  for (let index = 0; index < count; index += 1) all.push(await timed(() => work(index)));
  return median(all);
};

/** Batches of the plugin from that checkout's own encoder, since the wire format may differ. */
const encoderOf = (tree: string): Promise<typeof Payload> =>
  import(join(tree, "bench/lib/payload.ts")) as Promise<typeof Payload>;

const registerRuns = (call: Call): Promise<string[]> =>
  Promise.all(
    Array.from({ length: RUNS }, async (_, run) => {
      const body = { ...SCOPE, targetUsers: 100, spawnRate: 10, externalKey: `run-${run}` };
      return String((await call("POST", "internal/locust/register-external", body))["runId"]);
    }),
  );

const ingest = async (tree: string, server: { port: number; pid: number }, runs: string[]) => {
  const { batchOf, bodies } = await encoderOf(tree);
  const seconds = bodies(SECONDS, ENDPOINTS, Math.floor(Date.now() / 1000) - SECONDS - 60);
  const batches = runs.map((run) => seconds.map((body, at) => batchOf(run, at + 1, [body])));
  const { post, close } = poster(server.port, RUNS);
  const before = cpuOf(server.pid);
  const wall = await timed(() =>
    Promise.all(
      batches.map(async (list) => {
        for (const batch of list) await post(batch);
      }),
    ),
  );
  close();
  return { wall, cpu: (cpuOf(server.pid) - before) * 1000 };
};

/** Counts requests: both checkouts must have counted the same, or their times cannot be compared. */
const requestsOf = async (call: Call, runs: readonly string[]): Promise<number> => {
  const answers = await Promise.all(runs.map((run) => call("GET", `runs/${run}/summary`)));
  return answers.reduce((sum, { totalRequests }) => sum + Number(totalRequests), 0);
};

const STARTS = 3;

/** Starts a server of that checkout on its own data folder. Returns it with the time until it was ready. */
const started = async (tree: string, folder: string, name: string) => {
  const config = join(folder, "config.yaml");
  writeFileSync(config, CONFIG);
  const args = ["serve", "--port", "0", "--data-dir", join(folder, name), "--config", config];
  const ready = /ready: http:\/\/[^:\s]+:(\d+)/;
  const began = performance.now();
  const program = [join(tree, "cli/bin/load-manager.js"), ...args];
  const server = await startProgram(process.execPath, program, ready);
  const took = performance.now() - began;
  return { ...server, took, port: Number(ready.exec(server.output())?.[1]) };
};

/** The median time of several starts. */
const startTime = async (tree: string, folder: string): Promise<number> => {
  const all: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const { took, stop } = await started(tree, folder, `start-${start}`);
    all.push(took);
    await stop();
  }
  return median(all);
};

/** Measures several starts, and the work of one server. Times in ms, memory in MB. */
export const measureServer = async (
  tree: string,
): Promise<{ readonly measurements: Measurements; readonly requests: number }> => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-against-"));
  try {
    const start = await startTime(tree, folder);
    const server = await started(tree, folder, "data");
    try {
      const { requests, measurements } = await measureLife(tree, server);
      return { requests, measurements: { start, ...measurements } };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const measureLife = async (tree: string, { port, pid }: { port: number; pid: number }) => {
  const call = caller(port);
  const body = { ...SCOPE, targetUrl: "http://127.0.0.1:9" };
  const create = await each(LOAD_TESTS, (index) =>
    call("POST", "load-tests", { ...body, name: `Load test ${index}` }),
  );
  const list = await each(LISTS, () => call("GET", "load-tests?limit=50&accountId=bench"));
  const runs = await registerRuns(call);
  const { wall, cpu } = await ingest(tree, { port, pid }, runs);
  const requests = await requestsOf(call, runs);
  const path = (index: number): string => `runs/${runs[index % RUNS]}`;
  const chart = await each(QUERIES, (index) =>
    call("GET", `${path(index)}/metrics/timeseries?points=300&format=columns`),
  );
  const table = await each(QUERIES, (index) => call("GET", `${path(index)}/requests`));
  const memory = memoryOf(pid) / 1e6;
  const measurements = { create, list, ingest: wall, "ingest CPU": cpu, chart, table, memory };
  return { measurements, requests };
};
