import { afterAll, expect, test } from "vitest";
import { LOAD_TEST, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, call } = testApp(withTokens);
afterAll(() => app.close());

const BATCH = "application/vnd.load-manager.batch";
const MERGE_PATCH = "application/merge-patch+json";
const token = TOKENS.team;

test("bytes are a body of the plugin's path only; elsewhere they are a short 415", async () => {
  const headers = { "content-type": BATCH };
  const body = "x".repeat(1_000_000);
  for (const [method, path] of [
    ["POST", "/v1/session"],
    ["POST", "/v1/load-tests"],
    ["PATCH", "/v1/load-tests/any"],
    ["POST", "/v1/internal/locust/metrics"],
  ] as const) {
    const own = { ...headers, "x-locust-token": TOKENS.callback };
    const answer = await call(method, path, { body, headers: own, token, address: "10.2.0.1" });
    expect([path, answer.status]).toEqual([path, 415]);
    expect(answer.text.length).toBeLessThan(500);
  }
});

test("an answer names 50 faults of a body at most, and says how many there are", async () => {
  const unknown = Array.from({ length: 90_000 }, (_, index) => [`f${index}`, 1]);
  const body = { ...Object.fromEntries(unknown), token: "x" };
  const answer = await call("POST", "/v1/session", { body, address: "10.2.0.2" });
  expect([answer.status, answer.json.errors.length]).toEqual([400, 50]);
  expect(answer.json.detail).toBe(
    "f0 is not a known field (and 89999 more, of which errors names 49).",
  );
  expect(answer.text.length).toBeLessThan(5000);
  const two = await call("POST", "/v1/session", { body: { a: 1 }, address: "10.2.0.2" });
  expect(two.json.detail).toMatch(/ \(and 1 more\)\.$/);
});

test("a misspelt field is answered with the nearest name, also inside an object", async () => {
  const send = async (body: object) =>
    (await call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, ...body }, token })).json.detail;
  expect(await send({ defaultUser: 5 })).toBe(
    'defaultUser is not a known field (did you mean "defaultUsers"?).',
  );
  expect(await send({ autoStop: { minRequest: 5 } })).toBe(
    'autoStop.minRequest is not a known field (did you mean "minRequests"?).',
  );
  expect(await send({ ["x".repeat(1_000_000)]: 5 })).toMatch(/x is not a known field\.$/);
  const query = await call("GET", "/v1/load-tests?limt=5", { token });
  expect(query.json.detail).toBe('limt is not a known field (did you mean "limit"?).');
});

test("a merge patch is a PATCH", async () => {
  const created = await call("POST", "/v1/load-tests", { body: LOAD_TEST, token });
  const headers = { "content-type": MERGE_PATCH };
  const path = `/v1/load-tests/${created.json.id}`;
  const send = (method: "POST" | "PUT" | "PATCH", url: string) =>
    call(method, url, { body: { ...LOAD_TEST, name: "b" }, token, headers });
  expect((await send("POST", "/v1/load-tests")).status).toBe(415);
  const patch = await call("PATCH", path, { body: { name: "b" }, token, headers });
  expect([patch.status, patch.json.name]).toEqual([200, "b"]);
  expect((await send("PUT", path)).status).toBe(415);
});

test("the body of nobody is not read: whatever it is, the answer is 401, and it counts as refused", async () => {
  const address = "10.2.0.3";
  const send = (headers: Record<string, string>, body: string) =>
    call("POST", "/v1/load-tests", { body, headers, address });
  expect((await send({ "content-type": "text/csv" }, "a,b")).status).toBe(401);
  expect((await send({}, "x".repeat(2_000_000))).status).toBe(401);
  for (let index = 0; index < 118; index += 1) expect((await send({}, "{")).status).toBe(401);
  expect((await send({}, "{")).status).toBe(429);
  const known = await call("POST", "/v1/load-tests", { body: "{", token, address });
  expect(known.status).toBe(400);
});
