import { AUTO_STOP } from "@load-manager/contract/model/primitives.ts";
import { afterAll, expect, test } from "vitest";
import { batchOf, sampleRecord } from "../metrics/testing/fixtures.ts";
import { LOAD_TEST, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const SCOPE = { accountId: "acme", orgId: "web", projectId: "shop" };
const server = (externalMaxDurationSeconds?: number) => {
  const created = testApp((config) => ({
    ...withTokens(config),
    orchestrator: { ...config.orchestrator, externalMaxDurationSeconds },
    locustClusters: [
      {
        id: "c",
        kind: "attached",
        baseUrl: "http://127.0.0.1:9",
        maxConcurrentRuns: 1,
        scope: SCOPE,
      },
    ],
  }));
  afterAll(() => created.app.close());
  return created;
};
const limited = server(1800);
const unlimited = server();

const token = TOKENS.admin;
const register = async ({ call }: ReturnType<typeof server>, more: object = {}) =>
  (
    await call("POST", "/v1/internal/locust/register-external", {
      body: { ...SCOPE, targetUsers: 5, spawnRate: 1, externalKey: "master-1:1", ...more },
      headers: { "x-locust-token": TOKENS.callback },
    })
  ).json;

test("the answer has the maximum duration for the plugin", async () => {
  const first = await register(limited);
  expect(first.maxSeconds).toBe(1800);
  expect(await register(limited)).toEqual(first);
  expect(await register(unlimited)).not.toHaveProperty("maxSeconds");
});

test.each([
  ["the default", undefined, AUTO_STOP],
  ["switched off", { ...AUTO_STOP, enabled: false }, { ...AUTO_STOP, enabled: false }],
  ["changed", { ...AUTO_STOP, failedPercent: 50 }, { ...AUTO_STOP, failedPercent: 50 }],
])(
  "auto-stop of an external run is that of its load test: %s",
  async (name, autoStop, expected) => {
    const { call } = limited;
    const body = { ...LOAD_TEST, name, ...(autoStop === undefined ? {} : { autoStop }) };
    const loadTest = await call("POST", "/v1/load-tests", { token, body });
    expect(loadTest.status).toBe(201);
    const { runId } = await register(limited, { loadTestId: loadTest.json.id, externalKey: name });
    const run = (await call("GET", `/v1/runs/${runId}`, { token })).json;
    expect(run.autoStop).toEqual(expected);
  },
);

test("a run belongs to a load test whose scope covers the run's, and to no other", async () => {
  const { call } = unlimited;
  const create = async (scope: object) =>
    (await call("POST", "/v1/load-tests", { token, body: { ...LOAD_TEST, ...scope } })).json.id;
  const inEnv = { ...SCOPE, envId: "prod" };
  const staging = await create({ envId: "staging" });
  const refused = await register(unlimited, { ...inEnv, loadTestId: staging, externalKey: "e:1" });
  expect(refused).toMatchObject({ status: 400, errors: [{ field: "loadTestId" }] });
  const ofProject = await create({});
  const known = await register(unlimited, { ...inEnv, loadTestId: ofProject, externalKey: "e:2" });
  expect(known.runId).toEqual(expect.any(String));
  const wider = await register(unlimited, { ...SCOPE, loadTestId: staging, externalKey: "e:3" });
  expect(wider.status).toBe(400);
});

test("posts beside the plugin's figures do not count, and the answer says so; times that cannot be true stretch no run", async () => {
  const { call } = unlimited;
  const masterInstanceId = "b0".repeat(16);
  const { runId } = await register(unlimited, { externalKey: `${masterInstanceId}:1` });
  const second = Math.floor(Date.now() / 1000);
  const record = sampleRecord(1, second, [{ name: "/a", ok: [10, 20] }]);
  const headers = { "x-locust-token": TOKENS.callback };
  const callback = (name: string, body: object) =>
    call("POST", `/v1/internal/locust/${name}`, { body, headers });
  const stored = await unlimited.app.http.inject({
    method: "POST",
    url: "/v1/internal/locust/samples",
    headers: { ...headers, "content-type": "application/vnd.load-manager.batch" },
    payload: Buffer.from(batchOf([record], runId)),
  });
  expect(stored.statusCode).toBe(200);
  const totals = (totalRequests: number, more: object = {}) => ({
    totalRequests,
    currentUsers: 1,
    requestStats: { "GET /a": { method: "GET", name: "/a", numRequests: totalRequests } },
    ...more,
  });
  const summaryOf = async (id: string) =>
    (await call("GET", `/v1/runs/${id}/summary`, { token })).json;
  for (const [name, body] of [
    ["metrics", { runId, metrics: totals(50) }],
    ["test-stop", { runId, finalMetrics: totals(60) }],
  ] as const) {
    const { status, json } = await callback(name, body);
    expect([status, json.message]).toEqual([200, expect.stringContaining("not counted")]);
  }
  expect((await summaryOf(runId)).totalRequests).toBe(2);

  const posted = await register(unlimited, { externalKey: "script-1" });
  const hourMs = 3_600_000;
  for (const [index, offsetMs] of [-hourMs, hourMs, 0].entries()) {
    const metrics = totals(10 * (index + 1), { timestamp: Date.now() + offsetMs });
    const { json } = await callback("metrics", { runId: posted.runId, metrics });
    expect(json.message).toBe("The metrics are stored.");
  }
  const { totalRequests, durationMs } = await summaryOf(posted.runId);
  expect([totalRequests, durationMs < 60_000]).toEqual([30, true]);
});

test("who registers while a run of the cluster is Stopping gets another run, which has the load after it", async () => {
  const { call } = unlimited;
  const of = { targetUsers: 7, externalKey: undefined };
  const callback = async (name: string, body: object) =>
    (
      await call("POST", `/v1/internal/locust/${name}`, {
        body,
        headers: { "x-locust-token": TOKENS.callback },
      })
    ).status;
  const totals = (totalRequests: number) => ({
    totalRequests,
    requestStats: { "GET /a": { method: "GET", name: "/a", numRequests: totalRequests } },
  });
  const { runId: first } = await register(unlimited, of);
  expect(await callback("metrics", { runId: first, metrics: totals(40) })).toBe(200);
  expect((await register(unlimited, of)).runId).toBe(first);
  expect(await callback("test-stop", { runId: first, finalMetrics: totals(50) })).toBe(200);
  const { runId: second } = await register(unlimited, of);
  expect(second).not.toBe(first);
  expect((await register(unlimited, of)).runId).toBe(second);
  expect(await callback("metrics", { runId: second, metrics: totals(9) })).toBe(200);
  const totalOf = async (id: string) =>
    (await call("GET", `/v1/runs/${id}/summary`, { token })).json.totalRequests;
  expect([await totalOf(first), await totalOf(second)]).toEqual([50, 9]);
});

test("a callback without a run is of the only active run without the plugin, else 400 naming runId", async () => {
  const own = server();
  const metrics = { totalRequests: 8, requestStats: {} };
  const push = async (body: object = {}) => {
    const { status, json } = await own.call("POST", "/v1/internal/locust/metrics", {
      body: { metrics, tenantId: "acme", ...body },
      headers: { "x-locust-token": TOKENS.callback },
    });
    return [status, json.errors?.[0]?.field];
  };
  expect(await push()).toEqual([400, "runId"]);
  await register(own, { externalKey: `${"b0".repeat(16)}:1` });
  expect(await push()).toEqual([400, "runId"]);
  const { runId } = await register(own, { externalKey: undefined, targetUsers: 6 });
  expect(await push()).toEqual([200, undefined]);
  const summary = await own.call("GET", `/v1/runs/${runId}/summary`, { token });
  expect(summary.json.totalRequests).toBe(8);
  await register(own, { externalKey: "another" });
  expect(await push()).toEqual([400, "runId"]);
  expect(await push({ runId })).toEqual([200, undefined]);
});
