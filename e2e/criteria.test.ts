import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  expectNoProcesses,
  ONE_LOCUST,
  newFolder,
  removeFolder,
  ROOT,
  SCOPE,
  type Server,
  settled,
  startServer,
  until,
} from "./harness.ts";

/** Each user makes 10 requests a second of 5 ms. */
const STEADY = readFileSync(join(ROOT, "e2e/scripts/steady.py"), "utf8");

describe.each(ONE_LOCUST)("criteria on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ python, dataDir });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("one passes, one fails, one is inconclusive; others are tried on the same run", async () => {
    const { client } = server;
    const body = {
      ...SCOPE,
      name: "Gate",
      targetUrl: "http://127.0.0.1:1",
      locustfile: STEADY,
      criteria: [
        { name: "Quick", expression: "p95(GET /steady) < 50 ms" },
        { expression: "rps >= 1000 over steady" },
        { expression: "p99.9 < 50 ms" },
      ],
    };
    const loadTest = await client.createLoadTest({ body });
    const { id } = await client.createRun({
      params: { loadTestId: loadTest.id },
      body: { targetUsers: 5, spawnRate: 5, durationSeconds: 7 },
    });
    const run = await settled(client, id);
    expect([run.status, run.verdict]).toEqual(["Finished", "failed"]);
    const params = { runId: id };
    const verdict = await client.getRunVerdict({ params });
    const [quick, busy, rare] = verdict.criteria;
    const total = run.summary?.totalRequests ?? 0;
    expect(total).toBeGreaterThan(200);
    expect(quick).toMatchObject({ name: "Quick", verdict: "passed", requests: total, limit: 50 });
    expect(quick?.observed).toBeCloseTo(5, 0);
    expect(busy).toMatchObject({ verdict: "failed", unit: "/s", limit: 1000 });
    expect(busy?.observed).toBeGreaterThan(30);
    expect(busy?.observed).toBeLessThan(60);
    expect(rare).toMatchObject({
      verdict: "inconclusive",
      reason: { code: "few_values", requestsNeeded: 10_000 },
    });
    const listed = await client.listRuns({ query: { verdict: "failed" } });
    expect(listed.items.map((one) => one.id)).toEqual([id]);
    const { recentRuns } = await client.getLoadTest({ params: { loadTestId: loadTest.id } });
    expect(recentRuns[0]).toMatchObject({ id, verdict: "failed" });

    const expressions = {
      "errorRate = 0 % in every 3 s": "passed",
      "max <= 5 ms": "passed",
      "users = 5 over steady": "passed",
      "exceptions = 0": "passed",
      "workerCpu < 90 %": "passed",
      "rps(/none) > 1": "inconclusive",
    };
    const criteria = Object.keys(expressions).map((expression) => ({ expression }));
    const tried = await client.evaluateRun({ params, body: { criteria } });
    expect(Object.fromEntries(tried.criteria.map((one) => [one.expression, one.verdict]))).toEqual(
      expressions,
    );
    expect(await client.getRunVerdict({ params })).toEqual(verdict);
  });

  test("while it runs each says how it stands; one with abort ends the run as Stopped", async () => {
    const { client } = server;
    const criteria = [
      { expression: "p95 < 50 ms" },
      { expression: "requests >= 100000" },
      { expression: "max < 1 ms over last 2 s", abort: { afterSeconds: 3 } },
    ];
    const body = { ...SCOPE, name: "Abort", targetUrl: "http://127.0.0.1:1", locustfile: STEADY };
    const loadTest = await client.createLoadTest({ body: { ...body, criteria } });
    const { id } = await client.createRun({
      params: { loadTestId: loadTest.id },
      body: { targetUsers: 5, spawnRate: 5, durationSeconds: 120 },
    });
    const params = { runId: id };
    const live = await until("a violated criterion", async () => {
      const {
        verdict,
        criteria: frozen,
        live: states = [],
      } = await client.getRunVerdict({ params });
      expect([verdict, frozen]).toEqual(["none", []]);
      return states[2]?.state === "violated" && states[0]?.state === "holds" ? states : undefined;
    });
    expect(live[1]).toMatchObject({ state: "waits", limit: 100_000, unit: "" });
    expect(live[2]).toMatchObject({ observed: 5, limit: 1, unit: "ms" });
    const run = await settled(client, id);
    expect([run.status, run.endCause, run.statusReason?.code, run.verdict]).toEqual([
      "Stopped",
      "criterion_failed",
      "criterion_failed",
      "failed",
    ]);
    const { from, to, ...data } = run.statusReason?.data ?? {};
    expect(data).toEqual({
      id: "c3",
      expression: "max < 1 ms over last 2 s",
      observed: 5,
      limit: 1,
    });
    const ms = (at: unknown): number => (typeof at === "string" ? Date.parse(at) : Number.NaN);
    const begun = ms(from);
    expect(ms(to) - begun).toBeGreaterThanOrEqual(3000);
    // Within two seconds of the time that the criterion gives.
    expect((run.stoppingAt ?? Number.NaN) - (begun + 3000)).toBeLessThan(2000);
    const { criteria: frozen, live: none } = await client.getRunVerdict({ params });
    expect(none).toBeUndefined();
    expect(frozen.map((one) => one.reason?.code ?? one.verdict)).toEqual([
      "cut_short",
      "cut_short",
      "failed",
    ]);
  });
});
