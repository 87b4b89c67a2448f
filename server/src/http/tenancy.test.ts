import { openApi } from "@load-manager/contract/api/openapi.ts";
import type { Route } from "@load-manager/contract/api/route.ts";
import { routes } from "@load-manager/contract/api/routes.ts";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runOf } from "../stores/testing/fixtures.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, call } = testApp(withTokens);
afterAll(() => app.close());

let ids: { loadTestId: string; runId: string; revisionId: string; clusterId: string };
beforeAll(async () => {
  const token = TOKENS.team;
  const created = await call("POST", "/v1/load-tests", {
    body: { ...LOAD_TEST, locustfile: SCRIPT },
    token,
  });
  const run = await call("POST", `/v1/load-tests/${created.json.id}/runs`, { token });
  ids = {
    loadTestId: created.json.id,
    runId: run.json.id,
    revisionId: created.json.latestRevisionId,
    clusterId: "none",
  };
});

const all = Object.entries(routes) as [string, Route][];
const pathOf = (route: Route, known: Record<string, string>): string =>
  route.path.replaceAll(/:(\w+)/g, (_, name: string) => known[name] ?? "none");
test("an object of another tenant and an unknown one get the same answer", async () => {
  const foreign = await call("GET", `/v1/runs/${ids.runId}`, { token: TOKENS.other });
  const unknown = await call("GET", "/v1/runs/unknown", { token: TOKENS.other });
  const shape = ({ json }: typeof foreign, id: string) =>
    JSON.stringify({ ...json, requestId: "" }).replaceAll(id, "");
  expect(shape(foreign, ids.runId)).toBe(shape(unknown, "unknown"));
});

test("a cluster of another tenant is as unknown to a load test as one that does not exist", async () => {
  const attached = (id: string, scope: object) => ({
    id,
    kind: "attached" as const,
    baseUrl: "http://127.0.0.1:9",
    maxConcurrentRuns: 1,
    scope,
  });
  const own = { accountId: "acme", orgId: "web", projectId: "shop" };
  const clusters = testApp((config) => ({
    ...withTokens(config),
    locustClusters: [attached("own", own), attached("theirs", { ...own, accountId: "umbrella" })],
  }));
  const token = TOKENS.team;
  const create = (locustClusterId?: string) =>
    clusters.call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustClusterId }, token });
  const path = `/v1/load-tests/${(await create("own")).json.id}`;
  const patch = (locustClusterId: string) =>
    clusters.call("PATCH", path, { body: { locustClusterId }, token });
  for (const probe of [create, patch]) {
    const [theirs, none] = [await probe("theirs"), await probe("none")];
    expect(theirs.status).toBe(400);
    expect(theirs.json.detail).toBe(none.json.detail.replace("none", "theirs"));
  }
  await clusters.app.close();
});

test("a cluster that serves several tenants shows each only its own runs", async () => {
  const shared = testApp(withTokens);
  const of = { locustClusterId: "local", status: "Running", orgId: "web" } as const;
  const acme = runOf({ ...of, accountId: "acme", slot: 0, createdAt: 1 });
  const umbrella = runOf({ ...of, accountId: "umbrella", slot: 1, createdAt: 2 });
  const waiting = runOf({ ...of, accountId: "acme", status: "Pending" });
  for (const run of [acme, umbrella, waiting]) await shared.stores.runs.create(run);
  const seen = async (token: string) => {
    const list = await shared.call("GET", "/v1/clusters", { token });
    const one = await shared.call("GET", "/v1/clusters/local", { token });
    expect(list.json.items).toEqual([one.json]);
    const { holders, queueLength, message } = one.json;
    return [holders.map(({ runId }: { runId: string }) => runId), queueLength, message];
  };
  const [ours, theirs] = [acme, umbrella].map(({ name, id }) => `${name} (${id})`);
  const busyWith = (names: string): string => `The cluster is busy with ${names}.`;
  expect(await seen(TOKENS.team)).toEqual([[acme.id], 1, busyWith(`${ours}`)]);
  expect(await seen(TOKENS.other)).toEqual([[umbrella.id], 1, busyWith(`${theirs}`)]);
  expect(await seen(TOKENS.admin)).toEqual([
    [acme.id, umbrella.id],
    1,
    busyWith(`${ours}, ${theirs}`),
  ]);
  await shared.app.close();
});

test("without tokens only requests with a loopback host and origin are answered", async () => {
  const open = testApp();
  const from = (headers: Record<string, string>) => open.call("GET", "/v1/load-tests", { headers });
  expect((await from({ host: "localhost:8800" })).status).toBe(200);
  expect((await from({ host: "evil.example" })).status).toBe(403);
  expect((await from({ host: "127.0.0.1", origin: "http://evil.example" })).status).toBe(403);
  expect((await from({ host: "127.0.0.1:8800", origin: "http://127.0.0.1:8800" })).status).toBe(
    200,
  );
  const callback = await open.call("POST", "/v1/internal/locust/test-start", {
    body: { runId: "x" },
  });
  expect(callback.status).toBe(404);
  const foreign = { headers: { host: "evil.example" } };
  const asked: Record<string, number> = {};
  for (const path of ["/metrics", "/health", "/readyz", "/livez"])
    asked[path] = (await open.call("GET", path, foreign)).status;
  expect(asked).toEqual({ "/metrics": 403, "/health": 403, "/readyz": 403, "/livez": 200 });
  const body = { token: "x" };
  expect((await open.call("POST", "/v1/session", { body, ...foreign })).status).toBe(403);
  await open.app.close();
  // With tokens these are for whoever asks, under any name.
  expect((await call("GET", "/metrics", foreign)).status).toBe(200);
});

test("the refusal of a foreign address names the configured one, which tokens make reachable", async () => {
  const publicUrl = "https://load.example";
  const open = testApp((config) => ({ ...config, server: { ...config.server, publicUrl } }));
  const answer = await open.call("GET", "/v1/me", { headers: { host: "load.example" } });
  expect([answer.status, answer.json.detail]).toEqual([403, expect.stringContaining(publicUrl)]);
  await open.app.close();
});

test("random bodies and queries never get a 500", async () => {
  // Streams do not end by themselves; the next test and changes.test.ts cover their input.
  const routed = all.filter(
    ([, route]) => route.caller !== "anyone" && route.answers[200] !== "text/event-stream",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routed),
      fc.oneof(
        fc.json(),
        fc.object().map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      fc.dictionary(
        fc.constantFrom(
          "limit",
          "cursor",
          "from",
          "to",
          "points",
          "endpoint",
          "sort",
          "q",
          "status",
          "percentiles",
        ),
        fc.string(),
      ),
      async ([, route], body, query) => {
        const url = `${pathOf(route, ids)}?${new URLSearchParams(query).toString()}`;
        const headers = { "x-locust-token": TOKENS.callback, "content-type": "application/json" };
        const answer = await call(route.method, url, { token: TOKENS.admin, headers, body });
        expect(answer.status).not.toBe(500);
      },
    ),
    { numRuns: 1500 },
  );
});

test("a stream refuses an invalid id of an event, and the error names header or parameter", async () => {
  for (const given of [
    { headers: { "last-event-id": "x" }, field: "Last-Event-ID" },
    { query: "?lastEventId=1.x", field: "lastEventId" },
  ]) {
    const answer = await call("GET", `/v1/runs/${ids.runId}/stream${given.query ?? ""}`, {
      token: TOKENS.admin,
      ...(given.headers === undefined ? {} : { headers: given.headers }),
    });
    expect(answer.status).toBe(400);
    expect(answer.json.errors[0].field).toBe(given.field);
  }
});

test("the OpenAPI document has every endpoint, and every reference resolves", () => {
  const document = openApi(routes, "1") as {
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: Record<string, unknown> };
  };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(operations.map(({ operationId }) => operationId).toSorted()).toEqual(
    Object.keys(routes).toSorted(),
  );
  const text = JSON.stringify(document);
  for (const [, name] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    expect(document.components.schemas).toHaveProperty(name ?? "");
  }
  expect(text).not.toContain('"not":{}');
  expect(text).toContain('"format":"date-time"');
});
