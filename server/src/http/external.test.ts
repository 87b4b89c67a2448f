import { AUTO_STOP } from "@load-manager/contract/model/primitives.ts";
import { afterAll, expect, test } from "vitest";
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
