import { afterAll, describe, expect, test } from "vitest";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

// Without a Python no script is imported: values are hidden, and checked when the run starts.
const { app, call, stores } = testApp((config) => ({ ...config, python: "/nowhere/python3" }));
afterAll(() => app.close());

const create = async (more: object = {}) =>
  call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustfile: SCRIPT, ...more } });
const start = (id: string, body: object = {}) =>
  call("POST", `/v1/load-tests/${id}/runs`, { body });
const fieldsOf = (json: { errors?: { field: string }[] }) =>
  json.errors?.map(({ field }) => field) ?? [];

describe("options of the script", () => {
  test("are frozen in a run with their values, and no answer has one that may be secret", async () => {
    const scriptOptions = { key: "geheim-1", page: 7777 };
    const loadTest = await create({ scriptOptions });
    expect([loadTest.status, loadTest.json.scriptOptions]).toEqual([
      201,
      { key: "***", page: "***" },
    ]);
    const { id } = loadTest.json;
    const run = await start(id, { scriptOptions: { page: 8888, key: "***", more: ["geheim-2"] } });
    expect(run.json.scriptOptions).toEqual({ key: "***", page: "***", more: "***" });
    const frozen = {
      key: { secret: "geheim-1" },
      page: { secret: 8888 },
      more: { secret: ["geheim-2"] },
    };
    expect((await stores.runs.get(run.json.id))?.scriptOptions).toEqual(frozen);
    const patch = { scriptOptions: { key: "geheim-3" } };
    const changed = await call("PATCH", `/v1/load-tests/${id}`, { body: patch });
    expect(changed.json.scriptOptions).toEqual({ key: "***" });
    expect((await stores.runs.get(run.json.id))?.scriptOptions).toEqual(frozen);
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
      expect(answer.text).not.toMatch(/geheim|7777|8888/);
    }
  });

  test("*** keeps a stored value, and is refused where there is none; null removes all", async () => {
    const { id } = (await create({ scriptOptions: { key: "geheim-1", old: "x" } })).json;
    const body = { scriptOptions: { key: "***", page: 5 } };
    expect((await call("PUT", `/v1/load-tests/${id}`, { body })).status).toBe(200);
    const kept = { key: { secret: "geheim-1" }, page: { secret: 5 } };
    expect((await stores.loadTests.get(id))?.scriptOptions).toEqual(kept);
    const unknown = { scriptOptions: { fresh: "***" } };
    for (const answer of [
      await call("PATCH", `/v1/load-tests/${id}`, { body: unknown }),
      await start(id, unknown),
      await create(unknown),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["scriptOptions.fresh"]]);
    }
    expect((await stores.loadTests.get(id))?.scriptOptions).toEqual(kept);
    const cleared = await call("PATCH", `/v1/load-tests/${id}`, { body: { scriptOptions: null } });
    expect(cleared.json).not.toHaveProperty("scriptOptions");
    expect((await start(id)).json).not.toHaveProperty("scriptOptions");
  });

  test.each([
    [{ users: 5 }, ["scriptOptions.users"]],
    [
      { "web-port": 1, num_users: 1, host: "x", a: "b" },
      ["web-port", "num_users", "host"].map((name) => `scriptOptions.${name}`),
    ],
    [{ a: { b: 1 } }, ["scriptOptions.a"]],
    [{ a: [1] }, ["scriptOptions.a"]],
    [{ a: null }, ["scriptOptions.a"]],
    [{ "": "x" }, ["scriptOptions."]],
    [{ "-a": "x" }, ["scriptOptions.-a"]],
    [{ a: "x".repeat(32_769) }, ["scriptOptions"]],
    [Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`a${i}`, ""])), ["scriptOptions"]],
    [["a"], ["scriptOptions"]],
  ])("%j is refused in load tests and runs", async (scriptOptions, fields) => {
    const { id, version } = (await create()).json;
    const path = `/v1/load-tests/${id}`;
    for (const answer of [
      await create({ scriptOptions }),
      await call("PATCH", path, { body: { scriptOptions } }),
      await start(id, { scriptOptions }),
    ]) {
      expect([answer.status, fieldsOf(answer.json)]).toEqual([400, fields]);
    }
    expect((await call("GET", path)).json.version).toBe(version);
    expect((await call("GET", `${path}/runs`)).json.items).toEqual([]);
  });

  test("of Locust are refused with the reason", async () => {
    const answer = await create({ scriptOptions: { "web-port": 1 } });
    expect(answer.json.detail).toContain("is an option of Locust, which the run itself decides");
  });

  test("that a migrated load test has and no run may have are hidden, and refused at the start", async () => {
    const { id } = (await create()).json;
    const scriptOptions = { key: { nested: "geheim-1" } };
    await stores.loadTests.update(id, 1, { scriptOptions, updatedAt: 1, updatedBy: "x" });
    expect((await call("GET", `/v1/load-tests/${id}`)).json.scriptOptions).toEqual({ key: "***" });
    const answer = await start(id);
    expect([answer.status, fieldsOf(answer.json)]).toEqual([400, ["scriptOptions.key"]]);
  });
});

describe("a check of a script", () => {
  const check = (body: object) => call("POST", "/v1/scripts/check", { body });

  test.each([
    [{ content: SCRIPT, loadTestId: "x", accountId: "acme" }, ["accountId"]],
    [{ content: SCRIPT, accountId: "acme" }, ["orgId", "projectId"]],
    [{ content: SCRIPT, locustClusterId: "local" }, ["accountId", "orgId", "projectId"]],
    [{ content: SCRIPT, loadTestId: "x", scriptRevisionId: "y" }, ["scriptRevisionId"]],
    [{ content: SCRIPT, scriptRevisionId: "y" }, ["scriptRevisionId", "loadTestId"]],
    [{ loadTestId: "x", entrypoint: "a.py" }, ["entrypoint"]],
    [{}, ["content"]],
  ])("%j is refused", async (body, fields) => {
    const answer = await check(body);
    expect([answer.status, fieldsOf(answer.json)]).toEqual([400, fields]);
  });

  test("of an unknown load test or revision is 404", async () => {
    const { id } = (await create({ locustfile: undefined })).json;
    for (const body of [
      { loadTestId: "nowhere" },
      { loadTestId: "nowhere", content: SCRIPT },
      { loadTestId: id },
      { loadTestId: id, scriptRevisionId: "nowhere" },
    ]) {
      expect((await check(body)).status).toBe(404);
    }
  });

  test("says why the script was not imported", async () => {
    const { accountId, orgId, projectId } = LOAD_TEST;
    for (const [place, reason] of [
      [{}, "The request names no load test and no scope"],
      [
        { accountId, orgId, projectId, locustClusterId: "nowhere" },
        'There is no cluster with the id "nowhere".',
      ],
      [{ accountId, orgId, projectId }, "/nowhere/python3 could not be started"],
    ] as const) {
      const { status, json } = await check({ content: SCRIPT, ...place });
      expect([status, json.imported, json.userClasses]).toEqual([200, false, []]);
      expect(json.notImportedReason).toContain(reason);
    }
  });
});
