import { afterAll, expect, test } from "vitest";
import { runOf } from "../stores/testing/fixtures.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, stores, call } = testApp(withTokens);
afterAll(() => app.close());

const token = TOKENS.team;
const at = (version: number) => ({ token, headers: { "if-match": `"${version}"` } });
const create = async () => {
  const body = { ...LOAD_TEST, locustfile: SCRIPT };
  const created = await call("POST", "/v1/load-tests", { body, token });
  return { created, path: `/v1/load-tests/${created.json.id}` };
};

test("what is created has its version as ETag, with which it can be changed", async () => {
  const { created, path } = await create();
  expect(created.headers.etag).toBe('"1"');
  const headers = { "if-match": String(created.headers.etag) };
  const changed = await call("PATCH", path, { body: { name: "b" }, token, headers });
  expect([changed.status, changed.headers.etag]).toEqual([200, '"2"']);
  const run = await call("POST", `${path}/runs`, { token });
  expect(run.headers.etag).toBe(`"${run.json.version}"`);
  const keyed = { token, headers: { "idempotency-key": "etag" } };
  await call("POST", `${path}/runs`, keyed);
  expect((await call("POST", `${path}/runs`, keyed)).headers.etag).toBe('"1"');
});

test("a change that changes nothing leaves the version, also of hidden values", async () => {
  const { path } = await create();
  const patch = async (body: object) => {
    const { headers, json } = await call("PATCH", path, { body, token });
    return [headers.etag, json.updatedAt] as const;
  };
  const settings = { tags: ["a"], metadata: { a: { b: 1, c: 2 } }, environment: { KEY: "secret" } };
  const [etag, updatedAt] = await patch({ ...settings, scriptOptions: { basket: 3 } });
  expect(etag).toBe('"2"');
  const again = { metadata: { a: { c: 2, b: 1 } }, environment: { KEY: "secret" } };
  expect(await patch({ ...again, scriptOptions: { basket: 3 }, workers: null })).toEqual([
    etag,
    updatedAt,
  ]);
  expect(await patch({ environment: { KEY: "***" } })).toEqual([etag, updatedAt]);
  expect((await patch({ environment: { KEY: "other" } }))[0]).toBe('"3"');
  expect((await patch({ scriptOptions: { basket: 4 } }))[0]).toBe('"4"');
  expect((await patch({ environment: null }))[0]).toBe('"5"');
});

test("a script is saved only at the version of the load test that If-Match names", async () => {
  const { path } = await create();
  const save = (content: string, version: number) =>
    call("PUT", `${path}/script`, { body: { content }, ...at(version) });
  const get = async () => (await call("GET", path, { token })).json;
  const before = await get();
  expect((await save(`${SCRIPT}# 1\n`, 99)).status).toBe(412);
  expect(await get()).toEqual(before);
  expect((await call("GET", `${path}/script`, { token })).json.revisionNumber).toBe(1);
  const both = await Promise.all([save(`${SCRIPT}# 2\n`, 1), save(`${SCRIPT}# 3\n`, 1)]);
  expect(new Set(both.map(({ status }) => status))).toEqual(new Set([201, 412]));
  expect((await call("GET", `${path}/script`, { token })).json.revisionNumber).toBe(2);
  expect((await get()).latestRevision.revisionNumber).toBe(2);
});

test("a run is stopped and its users are changed only at the version that If-Match names", async () => {
  const run = runOf({ accountId: "acme", orgId: "web", projectId: "shop", status: "Running" });
  await stores.runs.create(run);
  const load = (version: number) =>
    call("PATCH", `/v1/runs/${run.id}/load`, { body: { targetUsers: 2 }, ...at(version) });
  const stop = (version: number) => call("POST", `/v1/runs/${run.id}/stop`, at(version));
  expect((await load(7)).status).toBe(412);
  expect((await stop(7)).status).toBe(412);
  expect(await stores.runs.get(run.id)).toEqual(run);
  const changed = await load(1);
  expect([changed.status, changed.headers.etag]).toEqual([202, '"2"']);
  const stopping = await stop(2);
  expect([stopping.status, stopping.json.status, stopping.headers.etag]).toEqual([
    202,
    "Stopping",
    '"3"',
  ]);
});
