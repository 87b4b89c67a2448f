import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { CreateLoadTest } from "@load-manager/contract/api/load-test.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  counted,
  eventsOf,
  expectNoProcesses,
  newFolder,
  ONE_LOCUST,
  removeFolder,
  ROOT,
  SCOPE,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

const EXAMPLES = join(ROOT, "e2e/scripts/locust-examples");
type Counts = Record<string, { requests: number; failures: number }>;

/** A target that answers `/` with 200 and all else with 404, or everything with 500, and counts by `METHOD path`. */
const startTarget = async (isBroken: boolean) => {
  const counts: Counts = {};
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const status = isBroken ? 500 : path === "/" ? 200 : 404;
    request.resume();
    response.writeHead(status, { "content-type": "application/json" }).end('{"message":"no"}');
    const known = (counts[`${request.method} ${path}`] ??= { requests: 0, failures: 0 });
    known.requests += 1;
    known.failures += status === 200 ? 0 : 1;
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
type Target = Awaited<ReturnType<typeof startTarget>>;

type Example = {
  readonly file: string;
  /** By default that the duration was reached. */
  readonly ends?: readonly [status: string, code: string];
  readonly more?: (target: string) => Partial<CreateLoadTest>;
  readonly isTargetBroken?: boolean;
  readonly data?: string;
  /** It uses what Locust 2.12.1 does not have. */
  readonly isNewer?: boolean;
  readonly isWithoutTarget?: boolean;
  readonly isRaising?: boolean;
  readonly users?: number;
  readonly seconds?: number;
  /** What the target's paths and the names of requests have in common, where they differ. */
  readonly commonName?: (methodAndName: string) => string;
};

/** `npm test` runs every second one on the older Locust, and the one whose name ends like Locust's own. */
const isWhole = process.env["LOAD_MANAGER_LOCUST"] === "all";

const SHAPE = () => ({ loadProfile: { kind: "script" as const } });
const ALL: readonly Example[] = [
  { file: "basic.py" },
  { file: "custom_wait_function.py" },
  { file: "events.py" },
  { file: "multiple_hosts.py", more: (API_HOST) => ({ environment: { API_HOST } }) },
  { file: "nested_inline_tasksets.py" },
  { file: "semaphore_wait.py" },
  { file: "stop_on_threshold.py", isTargetBroken: true, ends: ["Stopped", "stopped_by_script"] },
  { file: "fast_http_locust.py" },
  { file: "manual_stats_reporting.py", isWithoutTarget: true, isRaising: true },
  { file: "response_validations.py", isNewer: true },
  { file: "testdata_from_csv.py", data: "testdata_from_csv.csv", isNewer: true },
  { file: "custom_shape/step_load.py", more: SHAPE },
  { file: "custom_shape/staging_user_classes.py", more: SHAPE },
  { file: "custom_shape/double_wave.py", more: SHAPE },
  { file: "custom_shape/stages.py", more: SHAPE },
  // Its users take up to 5 s to be made, one after the other.
  { file: "custom_shape/wait_user_count.py", more: SHAPE, seconds: 10 },
  {
    file: "dispatch_test_scripts/locustfile.py",
    more: SHAPE,
    commonName: (name) => name.replace(/User[ABC]$/, "/"),
  },
  { file: "dynamic_user_credentials.py" },
  { file: "locustfile.py", commonName: (name) => name.replace(/\?.*/, "") },
  // They do not wait between two requests.
  { file: "debugging.py", users: 1 },
  // Locust takes the class without tasks for one of users too.
  { file: "x-forwarded-for.py", users: 2, isRaising: true },
  // They add to Locust's own page, and to what workers report.
  { file: "extend_web_ui.py" },
  { file: "web_ui_cache_stats.py" },
];

const read = (path: string) => readFileSync(join(EXAMPLES, path), "utf8");

/** The example as it is, in a load test that names its target and nothing else of it. */
const begin = async ({ client }: Server, { url: targetUrl }: Target, example: Example) => {
  const { file, data } = example;
  const { id: loadTestId } = await client.createLoadTest({
    body: {
      ...SCOPE,
      name: file,
      targetUrl,
      autoStop: { enabled: false },
      stopTimeoutSeconds: 1,
      ...example.more?.(targetUrl),
    },
  });
  const files = [
    { path: file, content: read(file) },
    ...(data === undefined ? [] : [{ path: data, content: read(data) }]),
  ].map((one) => ({ ...one, encoding: "utf-8" as const }));
  await client.saveScript({ params: { loadTestId }, body: { entrypoint: file, files } });
  const { users: targetUsers = 4, seconds: durationSeconds = 5 } = example;
  const users = example.more === SHAPE ? {} : { targetUsers, spawnRate: 10 };
  const body = { ...users, durationSeconds };
  return (await client.createRun({ params: { loadTestId }, body })).id;
};

const summed = (counts: Awaited<ReturnType<typeof counted>>, { commonName }: Example): Counts => {
  const sums: Counts = {};
  for (const [name, { requests, failures }] of Object.entries(counts)) {
    const sum = (sums[commonName?.(name) ?? name] ??= { requests: 0, failures: 0 });
    sum.requests += requests ?? 0;
    sum.failures += failures ?? 0;
  }
  return sums;
};

const expectWhole = async (
  { client }: Server,
  { counts: target }: Target,
  example: Example,
  id: string,
) => {
  const { status, statusReason } = await settled(client, id, 120);
  const ends = example.ends ?? ["Finished", "duration_reached"];
  expect([example.file, status, statusReason?.code]).toEqual([example.file, ...ends]);
  const counts = await counted(client, id);
  if (example.isWithoutTarget === true) {
    const failing = counts["manual failing_task"];
    expect(failing?.requests).toBeGreaterThan(0);
    expect(failing?.failures).toBe(failing?.requests);
    expect(counts["manual successful_task"]?.failures).toBe(0);
  } else {
    expect(Object.keys(target)).not.toEqual([]);
    const seen = [example.file, summed(counts, example)];
    expect(seen).toEqual([example.file, summed(target, example)]);
  }
  const events = await eventsOf(client, id);
  const failed = events.filter(({ type }) => type === "listener_failed");
  expect([example.file, failed.map(({ message }) => message)]).toEqual([example.file, []]);
  const isRaising = events.some(({ type }) => type === "script_error");
  expect([example.file, isRaising]).toEqual([example.file, example.isRaising === true]);
};

describe.each(ONE_LOCUST)("Locust's own examples on $name", ({ name, python }) => {
  const dataDir = newFolder();
  let server: Server;
  const targets: Target[] = [];
  beforeAll(async () => {
    const local = "locustClusters: [{ id: here, kind: local, workers: 1, maxConcurrentRuns: 6 }]\n";
    server = await startServer({ python, dataDir, config: local });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    await Promise.all(targets.map((target) => target.close()));
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("run unchanged, end as they should, and every request of the target is counted", async () => {
    const examples =
      name === "Locust 2.12.1"
        ? ALL.filter(
            ({ file, isNewer }, index) =>
              isNewer !== true && (isWhole || index % 2 === 0 || file.endsWith("locust.py")),
          )
        : ALL;
    const runs: [Target, Example, string][] = [];
    for (const one of examples) {
      const target = await startTarget(one.isTargetBroken === true);
      targets.push(target);
      runs.push([target, one, await begin(server, target, one)]);
    }
    for (const [target, one, id] of runs) await expectWhole(server, target, one, id);
  });
});
