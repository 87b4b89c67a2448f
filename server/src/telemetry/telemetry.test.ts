import { readFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { pino } from "pino";
import { afterAll, expect, test, vi } from "vitest";
import { createApp } from "../app.ts";
import { loadConfig } from "../config/load-config.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "../http/testing/test-app.ts";
import { systemClock } from "../lib/clock.ts";
import { uuidV7 } from "../lib/ids.ts";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";
import { batchOf, sampleRecord } from "../metrics/testing/fixtures.ts";
import { Registry } from "prom-client";
import { openSqliteStores } from "../stores/sqlite/stores.ts";
import { reportLeases } from "./server.ts";

const { app, call } = testApp(withTokens);
/** Its loop runs. */
const running = testApp(withTokens);
afterAll(async () => {
  await app.close();
  await running.app.close();
});

const token = TOKENS.admin;
const METRIC = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const scrape = async (of = call) => {
  const { status, text } = await of("GET", "/metrics");
  expect(status).toBe(200);
  const lines = text.split("\n");
  const describedBy = (word: "HELP" | "TYPE") =>
    new Map(
      lines.flatMap((line) => {
        const [, name = "", rest = ""] = new RegExp(`^# ${word} (\\S+) (.+)$`).exec(line) ?? [];
        return name === "" ? [] : [[name, rest] as const];
      }),
    );
  const series = lines.filter((line) => line !== "" && !line.startsWith("#"));
  return {
    help: describedBy("HELP"),
    types: describedBy("TYPE"),
    series: series.map((line) => {
      const [, name = "", labels = "", value = ""] = METRIC.exec(line) ?? [];
      return { name, labels, value: Number(value) };
    }),
    /** The value of a series as it is written, such as `name{label="value"}`. */
    of: (written: string): number | undefined => {
      const line = series.find((one) => one.startsWith(`${written} `));
      return line === undefined ? undefined : Number(line.split(" ").at(-1));
    },
  };
};

const startRun = async (settings: object = {}, at = call): Promise<string> => {
  const body = { ...LOAD_TEST, locustfile: SCRIPT };
  const loadTest = await at("POST", "/v1/load-tests", { body, token });
  const run = await at("POST", `/v1/load-tests/${loadTest.json.id}/runs`, {
    body: settings,
    token,
  });
  expect(run.status).toBe(201);
  return run.json.id;
};

const postBatch = (payload: Uint8Array, locustToken: string) =>
  app.http.inject({
    method: "POST",
    url: "/v1/internal/locust/samples",
    headers: {
      host: "127.0.0.1",
      "content-type": "application/vnd.load-manager.batch",
      "x-locust-token": locustToken,
    },
    payload: Buffer.from(payload),
  });

test("requests are measured by the pattern of their route, and those without one together", async () => {
  await call("GET", "/v1/runs/none", { token });
  await call("GET", "/v1/runs/neither", { token });
  await call("GET", "/secret-looking/path");
  const { of, series } = await scrape();
  const count = "load_manager_http_request_duration_seconds_count";
  expect(of(`${count}{method="GET",route="/v1/runs/:runId",status="404"}`)).toBe(2);
  expect(of(`${count}{method="GET",route="unmatched",status="404"}`)).toBe(1);
  expect(series.filter(({ labels }) => labels.includes("secret-looking"))).toEqual([]);
});

test("a batch counts when it is accepted, its samples once, a refused one by its reason", async () => {
  const runId = await startRun();
  const second = 1_699_999_990;
  const batch = batchOf(
    [1, 2].map((seq) => sampleRecord(seq, second + seq, [{ name: "/a", ok: [10] }])),
    runId,
  );
  for (let time = 0; time < 2; time += 1) {
    expect((await postBatch(batch, TOKENS.callback)).statusCode).toBe(200);
  }
  expect((await postBatch(batch, "the-wrong-token")).statusCode).toBe(401);
  const unknown = batchOf([sampleRecord(1, second, [{ name: "/a", ok: [10] }])], "none");
  expect((await postBatch(unknown, TOKENS.callback)).statusCode).toBe(410);
  expect((await postBatch(batch.subarray(1), TOKENS.callback)).statusCode).toBe(400);
  const { of } = await scrape();
  expect(of("load_manager_ingest_batches_total")).toBe(2);
  expect(of("load_manager_ingest_samples_total")).toBe(2);
  expect(of("load_manager_ingest_bytes_total")).toBe(2 * batch.byteLength);
  const rejected = "load_manager_ingest_rejected_batches_total";
  for (const reason of ["unauthorized", "gone", "validation"]) {
    expect(of(`${rejected}{reason="${reason}"}`)).toBe(1);
  }
  const appends = 'count{port="metrics",verb="append"}';
  expect(of(`load_manager_store_operation_duration_seconds_${appends}`)).toBe(2);
});

test("snapshots count by where they come from", async () => {
  const runId = await startRun();
  const body = { runId, metrics: { totalRequests: 1, totalFailures: 0 } };
  const headers = { "x-locust-token": TOKENS.callback };
  const posted = await call("POST", "/v1/internal/locust/metrics", { body, headers });
  expect(posted.status).toBe(200);
  const { of } = await scrape();
  expect(of('load_manager_ingest_snapshots_total{source="json"}')).toBe(1);
  expect(of('load_manager_ingest_snapshots_total{source="polled"}')).toBe(0);
});

test("the age of each lease is shown while this server has it", async () => {
  const registry = new Registry();
  const lease = { clusterId: "c", slot: 1, holder: "me", fence: 3, runId: "r", takenAt: 4000 };
  let held = [lease];
  reportLeases(registry, async () => held, { now: () => 10_500 });
  const line = 'load_manager_lease_age_seconds{cluster="c",slot="1"} 6.5';
  expect(await registry.metrics()).toContain(line);
  held = [];
  expect(await registry.metrics()).not.toContain("{");
});

test("runs are shown while they are open, and counted when they end", async () => {
  const before = await scrape();
  const runId = await startRun();
  const waiting = await scrape();
  const change = (written: string, after: typeof before): number =>
    (after.of(written) ?? Number.NaN) - (before.of(written) ?? Number.NaN);
  expect(change('load_manager_open_runs{status="Pending"}', waiting)).toBe(1);
  expect(change('load_manager_queued_runs{cluster="local"}', waiting)).toBe(1);
  await call("POST", `/v1/runs/${runId}/stop`, { body: {}, token });
  const stopped = await scrape();
  expect(change('load_manager_open_runs{status="Pending"}', stopped)).toBe(0);
});

test("runs count by status and verdict when they are settled", async () => {
  const criteria = [{ expression: "errorRate < 1 %" }];
  for (const body of [{}, { criteria }]) {
    const runId = await startRun(body, running.call);
    await running.call("POST", `/v1/runs/${runId}/stop`, { body: {}, token });
  }
  const ended = async () => {
    const { of } = await scrape(running.call);
    return ["none", "inconclusive", "passed", "failed"].map((verdict) =>
      of(`load_manager_ended_runs_total{status="Stopped",verdict="${verdict}"}`),
    );
  };
  expect(await ended()).toEqual([0, 0, 0, 0]);
  await running.app.start("http://127.0.0.1:0");
  await vi.waitFor(async () => expect(await ended()).toEqual([1, 1, 0, 0]), { timeout: 10_000 });
});

test("a live stream is a reader, and no request whose duration counts", async () => {
  const runId = await startRun();
  await app.http.listen({ host: "127.0.0.1", port: 0 });
  const bound = app.http.server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    get({ host: "127.0.0.1", port, path: `/v1/runs/${runId}/stream`, headers }, resolve).on(
      "error",
      reject,
    );
  });
  expect((await scrape()).of("load_manager_stream_readers")).toBe(1);
  answer.destroy();
  await expect
    .poll(async () => (await scrape()).of("load_manager_stream_readers"), { timeout: 5000 })
    .toBe(0);
  const { series } = await scrape();
  expect(series.filter(({ labels }) => labels.includes("/stream"))).toEqual([]);
});

test("a store that does not answer is shown, and the other metrics are there", async () => {
  const dataDir = join(temporaryFolder(), "data");
  const sqlite = await openSqliteStores({ dataDir });
  const { http } = createApp({
    config: loadConfig({ dataDir }, {}).config,
    stores: sqlite,
    clock: systemClock,
    ids: uuidV7,
    log: pino({ level: "silent" }),
  });
  const read = () => http.inject({ url: "/metrics", headers: { host: "127.0.0.1" } });
  const before = (await read()).body;
  expect(before).toContain("\nload_manager_store_up 1\n");
  expect(before).toContain("\nload_manager_store_queue_length 0\n");
  expect(before).toMatch(/^load_manager_data_dir_free_bytes [1-9]/m);
  await sqlite.close();
  const after = await read();
  expect(after.statusCode).toBe(200);
  expect(after.body).toContain("\nload_manager_store_up 0\n");
  expect(after.body).not.toContain("\nload_manager_open_runs{");
  const failures = 'load_manager_store_operation_failures_total{port="runs",verb="unsettled"}';
  // The failure of this very scrape is in the next one.
  expect((await read()).body).toContain(`\n${failures} `);
  expect(after.body).toContain("\nprocess_resident_memory_bytes ");
  await http.close();
});

/** The conventions of https://prometheus.io/docs/practices/naming, as `promtool check metrics` has them. */
test("names, units and help texts follow Prometheus' conventions; no label is a tenant's", async () => {
  const { help, types, series } = await scrape();
  const names = [...types.keys()];
  expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  expect(names.filter((name) => !help.has(name))).toEqual([]);
  const isCounter = (name: string) => types.get(name) === "counter";
  expect(names.filter((name) => isCounter(name) !== name.endsWith("_total"))).toEqual([]);
  expect(names.filter((name) => /_(?:count|sum|bucket)$/.test(name))).toEqual([]);
  expect(
    names.filter((name) => /_(?:ms|milliseconds|minutes|kb|mb|percent)(?:_|$)/.test(name)),
  ).toEqual([]);
  const own = names.filter((name) => name.startsWith("load_manager_"));
  expect(own.length).toBeGreaterThan(15);
  expect(own.filter((name) => !/^[A-Z].*[.;].*$|^[A-Z].*\.$/.test(help.get(name) ?? ""))).toEqual(
    [],
  );
  const labels = new Set(
    series
      .filter(({ name }) => name.startsWith("load_manager_"))
      .flatMap((one) => [...one.labels.matchAll(/(\w+)="/g)].map(([, label]) => label)),
  );
  // `state` of clusters and `slot` of leases are not among them, since the jobs of this server do not run.
  const allowed = [
    "cluster",
    "le",
    "method",
    "port",
    "reason",
    "route",
    "source",
    "status",
    "verb",
    "verdict",
    "version",
  ];
  expect(labels).toEqual(new Set(allowed));
  const { accountId, orgId, projectId } = LOAD_TEST;
  const values = series.flatMap((one) => [...one.labels.matchAll(/="([^"]*)"/g)].map(([, v]) => v));
  for (const id of [accountId, orgId, projectId]) expect(values).not.toContain(id);
  expect(values.filter((value) => /^id-\d/.test(value ?? ""))).toEqual([]);
});

/** Names of metrics in a PromQL expression: all words that are no function, label, range, text or keyword. */
const metricsIn = (expression: string): string[] => {
  const bare = expression
    .replaceAll(/"[^"]*"|\{[^}]*\}|\[[^\]]*\]/g, " ")
    .replaceAll(/\b(?:by|without|on|ignoring)\s*\([^)]*\)/g, " ")
    .replaceAll(/(label_values\([^,]*),[^)]*/g, "$1");
  return [...bare.matchAll(/[a-zA-Z_:][\w:]*(?!\w|\s*\()/g)].map(([name]) => name);
};

test("every metric of the Grafana dashboard and of docs/metrics.md is one of the server", async () => {
  const { types } = await scrape();
  const known = new Set(
    [...types].flatMap(([name, type]) =>
      type === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  const root = new URL("../../../", import.meta.url);
  const dashboard = readFileSync(new URL("deploy/grafana/load-manager.json", root), "utf8");
  const expressions: string[] = [];
  JSON.parse(dashboard, (key, value) => {
    if ((key === "expr" || key === "query") && value !== "prometheus") expressions.push(value);
    return value;
  });
  expect(expressions.length).toBeGreaterThan(20);
  for (const expression of expressions) {
    const used = metricsIn(expression);
    expect(used).not.toEqual([]);
    for (const name of used) expect(known).toContain(name);
  }
  const docs = readFileSync(new URL("docs/metrics.md", root), "utf8");
  const described = [...docs.matchAll(/^\| `(load_manager_\w+)/gm)].map(([, name]) => name ?? "");
  const own = [...types.keys()].filter((name) => name.startsWith("load_manager_"));
  expect(new Set(described)).toEqual(new Set(own));
});
