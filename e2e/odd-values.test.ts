import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { config, freePort, startLocust } from "./attached-locust.ts";
import {
  defineShop,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

const SCRIPT = readFileSync(join(ROOT, "e2e/scripts/odd_values.py"), "utf8");
/** One user of each class of the script. */
const SETTINGS = { targetUsers: 4, spawnRate: 4, durationSeconds: 6 };

/** Requests and failures by endpoint. */
const EXPECTED = {
  "GET /before": [5, 0],
  "GET /caf\ufffd": [1, 0],
  "GET /text": [1, 1],
  "GET /after": [5, 0],
  "GET /size": [8, 0],
  "WSS hello": [9, 7],
  "GET /label": [1, 0],
  "GET /times": [4, 0],
};
const FAILURES = 8;
/** Each worker counts one when it quits. */
const QUITTING = { "GET /quitting": [2, 0] };
type Counts = Readonly<Record<string, readonly number[]>>;

const expectCounted = async (
  { client }: Server,
  runId: string,
  expected: Counts,
): Promise<void> => {
  const params = { runId };
  const { items } = await client.getRunRequests({ params });
  expect(
    Object.fromEntries(
      items.map((row) => [`${row.method} ${row.name}`, [row.totalRequests, row.totalFailures]]),
    ),
  ).toEqual(expected);
  const failures = await client.listRunFailures({ params });
  expect(failures.items.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(FAILURES);
  expect(failures.items.find(({ name }) => name === "/text")?.error).toContain("bad value /caf");
  const overTime = await client.getRunFailuresOverTime({ params });
  expect(overTime.series.reduce((sum, { occurrences }) => sum + occurrences, 0)).toBe(FAILURES);
  const types = (await eventsOf(client, runId)).map(({ type }) => type);
  expect(types).toContain("odd_value");
};

describe.each(ONE_LOCUST)("requests with odd values, on $name", ({ python }) => {
  let folder: string;
  let server: Server | undefined;
  let locust: Awaited<ReturnType<typeof startLocust>> | undefined;
  beforeEach(() => {
    folder = newFolder();
    mkdirSync(join(folder, "data"), { recursive: true });
  });
  afterEach(async () => {
    await server?.kill("SIGTERM");
    await locust?.stop();
    expectNoProcesses(folder);
    removeFolder(folder);
    [server, locust] = [undefined, undefined];
  });

  const ran = async (on: Server, expected: Counts) => {
    const loadTestId = await defineShop(on.client, "http://127.0.0.1:9", { locustfile: SCRIPT });
    const { id } = await on.client.createRun({ params: { loadTestId }, body: SETTINGS });
    const ended = await settled(on.client, id);
    expect([ended.status, ended.statusReason?.code]).toEqual(["Finished", "duration_reached"]);
    expect([ended.summary?.totalRequests, ended.summary?.totalFailures]).toEqual([
      Object.values(expected).reduce((sum, [requests = 0]) => sum + requests, 0),
      FAILURES,
    ]);
    expect(ended.summary?.complete).toBe(true);
    await expectCounted(on, id, expected);
    return id;
  };

  test("each is counted on a local cluster, those of its workers' end too, also after Locust's own report could not be sent", async () => {
    server = await startServer({ python, dataDir: join(folder, "data") });
    const runId = await ran(server, { ...EXPECTED, ...QUITTING });
    const params = { runId };
    const { processes } = await server.client.getRunProcesses({ params });
    expect(processes.map(({ role }) => role)).toEqual(["master", "worker", "worker"]);
    for (const { memoryBytes, cpuPercent, clockOffsetMs } of processes) {
      expect(memoryBytes.some((bytes) => (bytes ?? 0) > 10_000_000)).toBe(true);
      expect(cpuPercent.some((percent) => percent !== null)).toBe(true);
      expect(clockOffsetMs.every((ms) => ms === null || Math.abs(ms) < 1000)).toBe(true);
    }
    const { classes } = await server.client.getRunUsers({ params });
    expect(
      classes.map(({ name, currentUsers }) => [
        name,
        Math.max(...currentUsers.map((users) => users ?? 0)),
      ]),
    ).toEqual(
      ["LoneSurrogate", "OddExceptions", "OddLengths", "Unsendable"].map((name) => [name, 1]),
    );
  });

  test("each is counted on an attached cluster, whose workers go on", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    locust = await startLocust({ python, folder, plugin: true, serverUrl, script: SCRIPT });
    const dataDir = join(folder, "data");
    server = await startServer({ python, dataDir, config: config(locust.baseUrl), port });
    await ran(server, EXPECTED);
  });
});
