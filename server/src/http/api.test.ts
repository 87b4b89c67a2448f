import { Permission } from "@load-manager/contract/api/access.ts";
import { type AddressInfo, connect } from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { LOAD_TEST, SCRIPT, testApp, withTokens, TOKENS } from "./testing/test-app.ts";

const { app, call, stores } = testApp();
afterAll(() => app.close());

const create = async (more: object = {}) =>
  (await call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustfile: SCRIPT, ...more } }))
    .json;
const fieldOf = (json: { errors?: { field: string }[] }) => json.errors?.[0]?.field;

describe("load tests", () => {
  test("are created, read, changed, listed and deleted", async () => {
    const created = await call("POST", "/v1/load-tests", {
      body: { ...LOAD_TEST, locustfile: SCRIPT, tags: ["a"] },
    });
    expect(created.status).toBe(201);
    expect(created.headers.location).toBe(`/v1/load-tests/${created.json.id}`);
    expect(created.json).toMatchObject({
      defaultUsers: 1,
      stopTimeoutSeconds: 10,
      createdAt: "2023-11-14T22:13:20.000Z",
      createdBy: "local",
      version: 1,
      recentRuns: [],
      latestRevision: { revisionNumber: 1 },
      warnings: [],
    });
    const path = `/v1/load-tests/${created.json.id}`;
    const read = await call("GET", path);
    expect([read.status, read.headers.etag]).toEqual([200, '"1"']);
    const changed = await call("PATCH", path, {
      body: { defaultUsers: 7, description: "x" },
      headers: { "if-match": '"1"' },
    });
    expect(changed.json).toMatchObject({ defaultUsers: 7, description: "x", version: 2 });
    expect(
      (await call("PATCH", path, { body: { defaultUsers: 8 }, headers: { "if-match": '"1"' } }))
        .status,
    ).toBe(412);
    expect((await call("PATCH", path, { body: {}, headers: { "if-match": "1" } })).status).toBe(
      400,
    );
    const cleared = await call("PUT", path, { body: { description: null } });
    expect(cleared.json).not.toHaveProperty("description");
    const listed = await call("GET", "/v1/load-tests?accountId=acme&q=CHECK&tags=a");
    expect(listed.json.items).toHaveLength(1);
    expect((await call("DELETE", path)).status).toBe(204);
    expect((await call("GET", path)).status).toBe(404);
  });

  test("keep their scripts as numbered revisions", async () => {
    const { id } = await create();
    const path = `/v1/load-tests/${id}/script`;
    const same = await call("PUT", path, { body: { content: SCRIPT } });
    expect([same.status, same.json.revisionNumber]).toEqual([200, 1]);
    const next = await call("PUT", path, { body: { content: `${SCRIPT}# more\n` } });
    expect([next.status, next.json.revisionNumber]).toEqual([201, 2]);
    expect((await call("GET", path)).json.files[0]).toMatchObject({
      path: "locustfile.py",
      content: `${SCRIPT}# more\n`,
    });
    const list = await call("GET", `${path}/revisions`);
    expect(list.json.items.map((one: { revisionNumber: number }) => one.revisionNumber)).toEqual([
      2, 1,
    ]);
    const old = await call("GET", `${path}/revisions/${list.json.items[1].id}`);
    expect(old.json.files[0].content).toBe(SCRIPT);
    const other = await create();
    expect(
      (await call("GET", `/v1/load-tests/${other.id}/script/revisions/${list.json.items[1].id}`))
        .status,
    ).toBe(404);
  });

  test("a script that does not compile is refused with its line; one without a User class gets a warning", async () => {
    const bad = await call("POST", "/v1/load-tests", {
      body: { ...LOAD_TEST, locustfile: "import os\ndef x(:\n" },
    });
    expect([bad.status, fieldOf(bad.json)]).toEqual([400, "locustfile"]);
    expect(bad.json.detail).toContain("line 2");
    const empty = await create({ locustfile: "x = 1\n" });
    expect(empty.warnings[0].message).toContain("no User class");
    const check = await call("POST", "/v1/scripts/check", { body: { content: "def x(:\n" } });
    expect(check.json).toMatchObject({ ok: false, errors: [{ line: 1 }], userClasses: [] });
    const unused = await call("POST", "/v1/scripts/check", { body: { content: "x = 1\n" } });
    expect(unused.json).toMatchObject({ ok: true, errors: [], warnings: empty.warnings });
  });
});

describe("bad input", () => {
  test.each([
    [{ defaultUsers: 0 }, "defaultUsers"],
    [{ defaultUsers: -1 }, "defaultUsers"],
    [{ defaultUsers: 1e9 }, "defaultUsers"],
    [{ defaultUsers: "NaN" }, "defaultUsers"],
    [{ defaultUsers: 1.5 }, "defaultUsers"],
    [{ defaultSpawnRate: 0 }, "defaultSpawnRate"],
    [{ targetUrl: "ftp://x" }, "targetUrl"],
    [{ targetUrl: "http://user:pw@x" }, "targetUrl"],
    [{ name: " " }, "name"],
    [{ accountId: "a b" }, "accountId"],
    [{ nonsense: 1 }, "nonsense"],
    [{ autoStop: { windowSecond: 1 } }, "autoStop.windowSecond"],
    [{ workers: 0 }, "workers"],
    [{ scriptOptions: { kind: {} } }, "scriptOptions.kind"],
    [{ environment: { PATH: "b" } }, "environment.PATH"],
    [{ defaultDurationSec: 20, maxDurationSec: 10 }, "defaultDurationSec"],
    [{ locustClusterId: "nowhere" }, "locustClusterId"],
    [{ locustfile: 5 }, "locustfile"],
  ])("%j is refused with its field and changes nothing", async (more, field) => {
    const before = (await call("GET", "/v1/load-tests")).json.items.length;
    const answer = await call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, ...more } });
    expect([answer.status, fieldOf(answer.json)]).toEqual([400, field]);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    expect(answer.json.type).toBe("https://load-manager.dev/problems/validation");
    expect((await call("GET", "/v1/load-tests")).json.items).toHaveLength(before);
  });

  test("of every other kind has its own status", async () => {
    const raw = (body: string, type = "application/json") =>
      call("POST", "/v1/load-tests", { body, headers: { "content-type": type } });
    expect((await raw('{"name":')).status).toBe(400);
    expect((await raw('{"defaultUsers": 1e999}')).status).toBe(400);
    expect((await raw(`{"name":"${"x".repeat(1_100_000)}"}`)).status).toBe(413);
    const typed = await raw("name=x", "application/x-www-form-urlencoded");
    expect([typed.status, typed.json.detail]).toEqual([
      415,
      expect.stringContaining("application/json"),
    ]);
    expect((await call("POST", "/v1/load-tests")).status).toBe(400);
    const nowhere = await call("GET", "/v1/nothing");
    expect([nowhere.status, nowhere.json.detail]).toEqual([404, expect.stringContaining("/docs")]);
    expect(fieldOf((await call("GET", "/v1/load-tests?limit=900")).json)).toBe("limit");
    expect(fieldOf((await call("GET", "/v1/load-tests?colour=red")).json)).toBe("colour");
    expect(fieldOf((await call("GET", "/v1/load-tests?cursor=zzz")).json)).toBe("cursor");
    expect(fieldOf((await call("GET", "/v1/runs?status=Failed,Nonsense")).json)).toBe("status");
    expect((await call("GET", "/v1/runs/none/summary")).status).toBe(404);
    const long = await call("GET", `/v1/runs/${"x".repeat(2000)}`);
    expect([long.status, fieldOf(long.json)]).toEqual([400, "runId"]);
    const undecodable = await call("GET", "/v1/runs/%zz");
    expect([undecodable.status, undecodable.json.title]).toEqual([400, "Invalid request"]);
  });
});

describe("an undeclared method", () => {
  const paths: [string, string][] = [
    ["/v1/load-tests", "POST, GET, HEAD"],
    ["/v1/load-tests/any", "GET, HEAD, PUT, DELETE, PATCH"],
    ["/v1/runs/any/stop", "POST"],
    ["/v1/internal/locust/samples", "POST"],
    ["/livez", "GET, HEAD"],
    ["/docs", "GET, HEAD"],
    ["/openapi.json", "GET, HEAD"],
  ];
  test.each(paths)("of %s is a 405 with Allow, whatever its body", async (url, allow) => {
    for (const method of ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"] as const) {
      if (allow.split(", ").includes(method)) continue;
      const response = await app.http.inject({
        method: method as "PUT",
        url,
        headers: { host: "127.0.0.1", "content-type": "text/csv" },
        payload: "a,b",
      });
      expect([method, response.statusCode, response.headers.allow]).toEqual([method, 405, allow]);
      expect(response.headers["x-content-type-options"]).toBe("nosniff");
      expect(response.headers["content-type"]).toContain("application/problem+json");
      expect(response.json()).toMatchObject({
        type: "https://load-manager.dev/problems/method-not-allowed",
        status: 405,
        detail: expect.stringContaining(allow),
      });
    }
  });
});

test("what is not HTTP, and headers that are too large, are Problems too", async () => {
  const server = testApp();
  await server.app.http.listen({ host: "127.0.0.1", port: 0 });
  const { port } = server.app.http.server.address() as AddressInfo;
  const answerTo = (request: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => socket.write(request));
      let answer = "";
      socket.on("data", (bytes) => (answer += String(bytes)));
      socket.on("end", () => resolve(answer)).on("error", reject);
    });
  for (const [request, status, kind] of [
    ["nonsense\r\n\r\n", 400, "validation"],
    [`GET /livez HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`, 431, "headers-too-large"],
  ] as const) {
    const [head = "", body = ""] = (await answerTo(request)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .*application/problem\\+json`, "s"));
    const type = `https://load-manager.dev/problems/${kind}`;
    expect(JSON.parse(body)).toMatchObject({ status, type });
  }
  await server.app.close();
});

describe("runs", () => {
  test("are accepted with resolved settings, wait as Pending, and can be cancelled", async () => {
    const { id } = await create({ defaultUsers: 5, defaultSpawnRate: 2, defaultDurationSec: 60 });
    const created = await call("POST", `/v1/load-tests/${id}/runs`);
    expect([created.status, created.headers.location]).toEqual([
      201,
      `/v1/runs/${created.json.id}`,
    ]);
    expect(created.json).toMatchObject({
      runNumber: 1,
      name: "Checkout #1",
      status: "Pending",
      targetUsers: 5,
      spawnRate: 2,
      durationSeconds: 60,
      maxDurationSec: 14_400,
      locustClusterId: "local",
    });
    expect(created.json).not.toHaveProperty("startSent");
    const path = `/v1/runs/${created.json.id}`;
    expect((await call("DELETE", path)).status).toBe(409);
    expect((await call("DELETE", `/v1/load-tests/${id}`)).status).toBe(409);
    expect((await call("PATCH", `${path}/load`, { body: { targetUsers: 3 } })).status).toBe(409);
    expect((await call("PATCH", path, { body: { notes: "n", keep: true } })).json).toMatchObject({
      notes: "n",
      keep: true,
    });
    const note = await call("POST", `${path}/events`, {
      body: { message: "deployed", at: 1_700_000_000_500 },
    });
    expect([note.status, note.json.at]).toEqual([201, "2023-11-14T22:13:20.500Z"]);
    // A time that no answer could show would make every list of the events fail.
    for (const at of [253_402_300_800_000, "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+10:00"]) {
      const refused = await call("POST", `${path}/events`, { body: { message: "x", at } });
      expect([refused.status, fieldOf(refused.json)]).toEqual([400, "at"]);
    }
    // A body may be absent, but null is not an object.
    expect((await call("POST", `${path}/stop`, { body: null })).status).toBe(400);
    const stopped = await call("POST", `${path}/stop`);
    expect([stopped.status, stopped.json.status]).toEqual([200, "Stopped"]);
    const events = await call("GET", `${path}/events`);
    expect(events.json.items.map((event: { type: string }) => event.type)).toEqual([
      "status",
      "status",
      "note",
    ]);
    expect((await call("GET", `/v1/load-tests/${id}/runs`)).json.items).toHaveLength(1);
    expect(
      (await call("GET", `/v1/runs?status=Stopped,Failed&loadTestId=${id}`)).json.items,
    ).toHaveLength(1);
    const summary = await call("GET", `${path}/summary`);
    expect(summary.json).toMatchObject({ totalRequests: 0, requestsPerSec: null });
  });

  test("are refused without a script, above the maximum duration, or with a revision of another load test", async () => {
    const bare = (await call("POST", "/v1/load-tests", { body: LOAD_TEST })).json;
    expect((await call("POST", `/v1/load-tests/${bare.id}/runs`)).status).toBe(409);
    const { id } = await create({ maxDurationSec: 100 });
    const long = await call("POST", `/v1/load-tests/${id}/runs`, {
      body: { durationSeconds: 101 },
    });
    expect([long.status, fieldOf(long.json)]).toEqual([400, "durationSeconds"]);
    const body = { scriptRevisionId: "someone-elses" };
    expect(fieldOf((await call("POST", `/v1/load-tests/${id}/runs`, { body })).json)).toBe(
      "scriptRevisionId",
    );
    expect((await call("GET", `/v1/load-tests/${id}/runs`)).json.items).toEqual([]);
  });

  test("are refused as cluster_missing unless their load test names a cluster", async () => {
    const local = { kind: "local", maxConcurrentRuns: 1, workers: 1 } as const;
    const scope = { accountId: "acme", orgId: "web", projectId: "shop", envId: "prod" };
    const none = testApp((config) => ({
      ...config,
      locustClusters: [{ ...local, id: "prod", scope }],
    }));
    const created = (
      await none.call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustfile: SCRIPT } })
    ).json;
    const refused = await none.call("POST", `/v1/load-tests/${created.id}/runs`);
    expect([refused.status, refused.json.code]).toEqual([409, "cluster_missing"]);
    await none.call("PATCH", `/v1/load-tests/${created.id}`, { body: { locustClusterId: "prod" } });
    expect((await none.call("POST", `/v1/load-tests/${created.id}/runs`)).status).toBe(201);
    await none.app.close();
  });
});

describe("callbacks", () => {
  const attached = testApp((config) => ({
    ...withTokens(config),
    locustClusters: [
      {
        id: "c",
        kind: "attached",
        baseUrl: "http://127.0.0.1:9",
        maxConcurrentRuns: 1,
        scope: { accountId: "acme", orgId: "web", projectId: "shop" },
      },
    ],
  }));
  const headers = { "x-locust-token": TOKENS.callback };
  const post = (path: string, body: object) =>
    attached.call("POST", `/v1/internal/locust/${path}`, { body, headers });
  const scope = {
    accountId: "acme",
    orgId: "web",
    projectId: "shop",
    targetUsers: 5,
    spawnRate: 1,
  };
  afterAll(() => attached.app.close());

  test("register one run for each start, and may be repeated", async () => {
    const first = await post("register-external", { ...scope, externalKey: "master-1:1" });
    const again = await post("register-external", { ...scope, externalKey: "master-1:1" });
    expect([first.status, again.json.runId]).toEqual([200, first.json.runId]);
    const next = await post("register-external", { ...scope, externalKey: "master-1:2" });
    expect(next.json.runId).not.toBe(first.json.runId);
    const runId = first.json.runId as string;
    const metrics = { totalRequests: 10, totalFailures: 1, tenantId: "old", requestStats: {} };
    for (let time = 0; time < 2; time += 1) {
      expect((await post("test-start", { runId })).json.success).toBe(true);
      expect((await post("metrics", { runId, metrics })).json.success).toBe(true);
    }
    const token = TOKENS.admin;
    expect(
      (await attached.call("GET", `/v1/runs/${runId}/summary`, { token })).json.totalRequests,
    ).toBe(10);
    // Snapshots thousands of years apart would be more seconds than a query can read.
    for (const [more, timestamp] of [0, 253_402_300_799_999].entries()) {
      const late = { ...metrics, totalRequests: 11 + more, timestamp };
      expect((await post("metrics", { runId, metrics: late })).status).toBe(200);
    }
    const map = await attached.call("GET", `/v1/runs/${runId}/metrics/heatmap`, { token });
    expect([map.status, map.json.stepMs]).toEqual([200, 1000]);
    for (let time = 0; time < 2; time += 1) await post("test-stop", { runId, autoStopped: true });
    const run = (await attached.call("GET", `/v1/runs/${runId}`, { token })).json;
    expect(run).toMatchObject({
      status: "Stopping",
      endCause: "duration_reached",
      trigger: "external",
    });
    expect((await post("metrics", { runId: "none", metrics })).status).toBe(404);
    // What cannot be stored names its field, and not the batch that it would have become.
    for (const [wrong, field] of [
      [{ timestamp: "1110-08-21T02:30:44Z" }, "metrics.timestamp"],
      [{ totalRequests: 1.5 }, "metrics.totalRequests"],
      [{ totalRequests: 1, avgResponseMs: 1e15 }, "metrics"],
      [
        { requestStats: { "GET /": { name: "/", numRequests: 1, avgResponseTime: 1e15 } } },
        "metrics.requestStats.GET /",
      ],
    ] as const) {
      const refused = await post("metrics", { runId, metrics: { ...metrics, ...wrong } });
      expect([refused.status, fieldOf(refused.json)]).toEqual([400, field]);
    }
    expect((await post("register-external", { ...scope, projectId: "elsewhere" })).status).toBe(
      409,
    );
  });
});

describe("system", () => {
  test("OpenAPI document, docs page, probes, clusters, scopes and caller", async () => {
    const document = (await call("GET", "/openapi.json")).json;
    expect(document.openapi).toBe("3.1.0");
    // A server without tokens asks for none; one with tokens does.
    expect(document.paths["/v1/me"].get.security).toEqual([{}, { bearer: [] }, { session: [] }]);
    const guarded = testApp(withTokens);
    const { paths } = (await guarded.call("GET", "/openapi.json")).json;
    expect(paths["/v1/me"].get.security).toEqual([{ bearer: [] }, { session: [] }]);
    expect(paths["/v1/internal/locust/metrics"].post.security).toEqual([{ locust: [] }]);
    await guarded.app.close();
    const page = await call("GET", "/docs");
    expect(page.text).toContain("/v1/runs/{runId}/stop");
    expect((await call("GET", "/")).headers.location).toBe("/docs");
    expect((await call("GET", "/livez")).json).toEqual({ status: "ok" });
    expect((await call("GET", "/readyz")).status).toBe(503);
    expect((await call("GET", "/health")).json).toMatchObject({
      status: "ok",
      store: { kind: stores.kind, ok: true },
    });
    expect((await call("GET", "/metrics")).text).toContain("load_manager_open_runs");
    expect((await call("GET", "/v1/me")).json).toMatchObject({
      kind: "user",
      name: "local",
      grants: [{ role: "administrator", scope: {}, permissions: Permission.options }],
    });
    expect((await call("GET", "/v1/clusters")).json.items).toMatchObject([
      { id: "local", kind: "local", state: "idle" },
    ]);
    expect((await call("GET", "/v1/scopes")).json.accounts[0]).toMatchObject({ accountId: "acme" });
  });
});
