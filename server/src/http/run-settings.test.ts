import { afterAll, describe, expect, test } from "vitest";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

const { app, call, stores } = testApp((config) => ({
  ...config,
  locustClusters: [
    ...config.locustClusters,
    {
      id: "attached",
      kind: "attached",
      baseUrl: "http://127.0.0.1:1",
      scope: { accountId: "attached", orgId: "web", projectId: "shop" },
      maxConcurrentRuns: 1,
    },
  ],
}));
afterAll(() => app.close());

const create = async (more: object = {}) =>
  call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustfile: SCRIPT, ...more } });
const start = (id: string, body: object = {}) =>
  call("POST", `/v1/load-tests/${id}/runs`, { body });
const fieldsOf = (json: { errors?: { field: string }[] }) =>
  json.errors?.map(({ field }) => field) ?? [];

describe("environment", () => {
  test("is frozen in a run with its values, and no answer has a value", async () => {
    const loadTest = await create({ environment: { TOKEN: "geheim-1", STAGE: "staging" } });
    expect([loadTest.status, loadTest.json.environment]).toEqual([
      201,
      { TOKEN: "***", STAGE: "***" },
    ]);
    const { id } = loadTest.json;
    const run = await start(id, { environment: { STAGE: "production", TOKEN: "***", MORE: "" } });
    expect(run.json.environment).toEqual({ TOKEN: "***", STAGE: "***", MORE: "***" });
    const frozen = { TOKEN: "geheim-1", STAGE: "production", MORE: "" };
    expect((await stores.runs.get(run.json.id))?.environment).toEqual(frozen);
    const patch = { environment: { TOKEN: "geheim-2" } };
    const changed = await call("PATCH", `/v1/load-tests/${id}`, { body: patch });
    expect(changed.json.environment).toEqual({ TOKEN: "***" });
    expect((await stores.runs.get(run.json.id))?.environment).toEqual(frozen);
    for (const path of [
      `/v1/load-tests/${id}`,
      "/v1/load-tests",
      `/v1/runs/${run.json.id}`,
      "/v1/runs",
      `/v1/load-tests/${id}/runs`,
      `/v1/runs/${run.json.id}/events`,
    ]) {
      const answer = await call("GET", path);
      expect(answer.status).toBe(200);
      expect(answer.text).not.toMatch(/geheim|production|staging/);
    }
  });

  test("*** keeps a stored value, and is refused where there is none", async () => {
    const { id, environment } = (await create({ environment: { TOKEN: "geheim-1", OLD: "x" } }))
      .json;
    const body = { environment: { TOKEN: environment.TOKEN, STAGE: "test" } };
    expect((await call("PUT", `/v1/load-tests/${id}`, { body })).status).toBe(200);
    const kept = { TOKEN: "geheim-1", STAGE: "test" };
    expect((await stores.loadTests.get(id))?.environment).toEqual(kept);
    const unknown = { environment: { NEW: "***" } };
    for (const answer of [
      await call("PATCH", `/v1/load-tests/${id}`, { body: unknown }),
      await start(id, unknown),
      await create(unknown),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["environment.NEW"]]);
    }
    expect((await stores.loadTests.get(id))?.environment).toEqual(kept);
    const cleared = await call("PATCH", `/v1/load-tests/${id}`, { body: { environment: null } });
    expect(cleared.json).not.toHaveProperty("environment");
    expect((await start(id)).json).not.toHaveProperty("environment");
  });

  test.each([
    [{ PATH: "/" }, ["environment.PATH"]],
    [
      { LOCUST_USERS: "1", PYTHONPATH: "/", A: "b" },
      ["environment.LOCUST_USERS", "environment.PYTHONPATH"],
    ],
    [{ LD_PRELOAD: "x" }, ["environment.LD_PRELOAD"]],
    [{ LOAD_MANAGER_URL: "x" }, ["environment.LOAD_MANAGER_URL"]],
    [{ A: 1 }, ["environment.A"]],
    [{ A: "x".repeat(32_769) }, ["environment.A"]],
    [Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`A${i}`, ""])), ["environment"]],
    ["A=b", ["environment"]],
  ])("%j is refused in load tests and runs", async (environment, fields) => {
    const { id, version } = (await create()).json;
    const path = `/v1/load-tests/${id}`;
    for (const answer of [
      await create({ environment }),
      await call("PATCH", path, { body: { environment } }),
      await start(id, { environment }),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, fields]);
    }
    expect((await call("GET", path)).json.version).toBe(version);
    expect((await call("GET", `${path}/runs`)).json.items).toEqual([]);
  });

  test("that a migrated load test has and no run may have is refused at the start", async () => {
    const { id } = (await create()).json;
    await stores.loadTests.update(id, 1, {
      environment: { PATH: "/x" },
      updatedAt: 1,
      updatedBy: "x",
    });
    const answer = await start(id);
    expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["environment.PATH"]]);
  });
});

describe("workers", () => {
  test("a local cluster says how many a run has and may have; others have those that are there", async () => {
    const { items } = (await call("GET", "/v1/clusters")).json;
    const [local, attached] = ["local", "attached"].map((id) =>
      items.find((cluster: { id: string }) => cluster.id === id),
    );
    expect(local).toMatchObject({ workers: 2, maxWorkers: 2 });
    expect(attached).not.toHaveProperty("workers");
    expect(attached).not.toHaveProperty("maxWorkers");
  });

  test("are the run's, else the load test's, else the cluster's, and frozen in the run", async () => {
    const { id } = (await create()).json;
    const first = (await start(id)).json;
    expect(first.workers).toBe(2);
    await call("PATCH", `/v1/load-tests/${id}`, { body: { workers: 1 } });
    expect((await start(id)).json.workers).toBe(1);
    expect((await start(id, { workers: 2 })).json.workers).toBe(2);
    expect((await call("GET", `/v1/runs/${first.id}`)).json.workers).toBe(2);
    const cleared = await call("PATCH", `/v1/load-tests/${id}`, { body: { workers: null } });
    expect(cleared.json).not.toHaveProperty("workers");
  });

  test("are at most what the cluster allows", async () => {
    const { id } = (await create()).json;
    const many = (await create({ workers: 3 })).json;
    for (const answer of [
      await start(id, { workers: 3 }),
      await start(many.id),
      await create({ workers: 3, locustClusterId: "local" }),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["workers"]]);
      expect(answer.json.detail).toContain("must be at most 2, which the cluster local allows");
    }
    for (const workers of [0, 65, 1.5, "2"]) {
      const answer = await start(id, { workers });
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["workers"]]);
    }
  });
});

describe("User classes and tags", () => {
  const SETTINGS = {
    userClasses: [
      { name: "Reader", weight: 3 },
      { name: "Buyer", fixedCount: 1 },
    ],
    includeTags: ["a"],
    excludeTags: ["b", "c"],
  };

  test("are frozen in a run: its own, else the load test's; an empty list asks for none", async () => {
    const loadTest = (await create(SETTINGS)).json;
    expect(loadTest).toMatchObject(SETTINGS);
    const run = (await start(loadTest.id, { includeTags: [], excludeTags: ["d"] })).json;
    expect(run).toMatchObject({ userClasses: SETTINGS.userClasses, excludeTags: ["d"] });
    expect(run).not.toHaveProperty("includeTags");
    const patch = { userClasses: null, includeTags: ["e"] };
    const changed = await call("PATCH", `/v1/load-tests/${loadTest.id}`, { body: patch });
    expect(changed.json).not.toHaveProperty("userClasses");
    const old = (await call("GET", `/v1/runs/${run.id}`)).json;
    expect(old.userClasses).toEqual(SETTINGS.userClasses);
    expect((await start(loadTest.id)).json).toMatchObject({ includeTags: ["e"] });
  });

  test.each([
    [{ userClasses: [{ name: "" }] }, "userClasses[0].name"],
    [{ userClasses: [{ weight: 1 }] }, "userClasses[0].name"],
    [{ userClasses: [{ name: "A" }, { name: "A" }] }, "userClasses[1].name"],
    [{ userClasses: [{ name: "A", weight: 0 }] }, "userClasses[0].weight"],
    [{ userClasses: [{ name: "A", weight: 1, fixedCount: 1 }] }, "userClasses[0].fixedCount"],
    [{ userClasses: [{ name: "A", users: 1 }] }, "userClasses[0].users"],
    [{ userClasses: "A" }, "userClasses"],
    [{ includeTags: [""] }, "includeTags[0]"],
    [{ excludeTags: [5] }, "excludeTags[0]"],
    [{ excludeTags: Array(51).fill("a") }, "excludeTags"],
  ])("%j is refused in load tests and runs", async (settings, field) => {
    const { id } = (await create()).json;
    for (const answer of [await create(settings), await start(id, settings)]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, [field]]);
    }
  });

  test("that a migrated load test has and no run may have are refused at the start", async () => {
    const { id } = (await create()).json;
    const userClasses = [{ name: "A", weight: 1, fixedCount: 1 }];
    await stores.loadTests.update(id, 1, { userClasses, updatedAt: 1, updatedBy: "x" });
    const answer = await start(id);
    expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["userClasses[0].fixedCount"]]);
  });
});

describe("endpoint groups", () => {
  const RULES = [
    { pattern: "/products/*", name: "Product", method: "GET" },
    { pattern: "/products/*" },
    { pattern: String.raw`/a\**b/**` },
  ];

  test("are frozen in a run: its own, else the load test's; an empty list asks for none", async () => {
    const loadTest = (await create({ endpointGroups: RULES })).json;
    expect(loadTest.endpointGroups).toEqual(RULES);
    const run = (await start(loadTest.id)).json;
    const own = [{ pattern: "/cart/*" }];
    expect((await start(loadTest.id, { endpointGroups: own })).json.endpointGroups).toEqual(own);
    expect((await start(loadTest.id, { endpointGroups: [] })).json).not.toHaveProperty(
      "endpointGroups",
    );
    const body = { endpointGroups: null };
    const changed = await call("PATCH", `/v1/load-tests/${loadTest.id}`, { body });
    expect(changed.json).not.toHaveProperty("endpointGroups");
    expect((await call("GET", `/v1/runs/${run.id}`)).json.endpointGroups).toEqual(RULES);
  });

  test.each([
    [[{}], "[0].pattern"],
    [[{ pattern: "" }], "[0].pattern"],
    [[{ pattern: "x".repeat(501) }], "[0].pattern"],
    [[{ pattern: "/a/**/b" }], "[0].pattern"],
    [[{ pattern: "/a***" }], "[0].pattern"],
    [[{ pattern: "/a", name: "" }], "[0].name"],
    [[{ pattern: "/a", method: "" }], "[0].method"],
    [[{ pattern: "/a", regex: true }], "[0].regex"],
    [[{ pattern: "/a" }, { pattern: "/b" }, { pattern: "/a", method: "GET" }], "[2].pattern"],
    [
      [
        { pattern: "/a", method: "get" },
        { pattern: "/a", method: "GET" },
      ],
      "[1].pattern",
    ],
    [Array.from({ length: 101 }, (_, index) => ({ pattern: `/${index}` })), ""],
    ["/products/*", ""],
  ])("%j is refused in load tests and runs", async (endpointGroups, place) => {
    const { id } = (await create()).json;
    for (const answer of [
      await create({ endpointGroups }),
      await start(id, { endpointGroups }),
      await call("PATCH", `/v1/load-tests/${id}`, { body: { endpointGroups } }),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, [`endpointGroups${place}`]]);
    }
  });
});

describe("a cluster that cannot honour a setting", () => {
  const attached = { accountId: "attached" };
  test.each([
    [{ environment: { A: "b" } }, "environment"],
    [{ workers: 1 }, "workers"],
  ])("refuses %j with the field and the reason", async (settings, field) => {
    const { id } = (await create(attached)).json;
    const named = { ...attached, locustClusterId: "attached" };
    const elsewhere = (await create({ ...attached, ...settings })).json;
    for (const answer of [
      await start(id, settings),
      await start(elsewhere.id),
      await create({ ...named, ...settings }),
      await call("PATCH", `/v1/load-tests/${elsewhere.id}`, {
        body: { locustClusterId: "attached" },
      }),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, [field]]);
      expect(answer.json.detail).toContain("cannot be set on the cluster attached");
    }
    for (const path of [id, elsewhere.id]) {
      expect((await call("GET", `/v1/load-tests/${path}/runs`)).json.items).toEqual([]);
    }
  });
});
