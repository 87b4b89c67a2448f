import { afterAll, expect, test } from "vitest";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, call } = testApp(withTokens);
afterAll(() => app.close());

const token = TOKENS.team;
const PACKED = Buffer.from(SCRIPT).toString("base64");
const post = (body: object, path = "/v1/load-tests") => call("POST", path, { body, token });
const createLoadTest = async (more: object = {}): Promise<string> =>
  (await post({ ...LOAD_TEST, locustfile: SCRIPT, ...more })).json.id;

test("a load test is created from a request of the older API, beside a full scope", async () => {
  const made = await post({
    ...LOAD_TEST,
    tenantId: "acme",
    scriptContent: PACKED,
    triggeredBy: "ann",
    clusterId: "local",
  });
  expect(made.status).toBe(201);
  expect(made.json).toMatchObject({ createdBy: "ann", locustClusterId: "local" });
  for (const name of ["tenantId", "scriptContent", "triggeredBy", "clusterId"])
    expect(made.json).not.toHaveProperty(name);
  const script = await call("GET", `/v1/load-tests/${made.json.id}/script`, { token });
  expect(script.json.files[0].content).toBe(SCRIPT);
});

test("runs, scripts and changes of a load test are, too", async () => {
  const id = await createLoadTest();
  const run = await post({ triggeredBy: "ann", durationSec: 30 }, `/v1/load-tests/${id}/runs`);
  expect([run.status, run.json]).toMatchObject([201, { createdBy: "ann", durationSeconds: 30 }]);
  const path = `/v1/load-tests/${id}`;
  // As the command base64 writes it: in lines.
  const scriptContent = Buffer.from(`${SCRIPT}# ä\n`)
    .toString("base64")
    .replaceAll(/.{20}/g, "$&\n");
  const body = { scriptContent, triggeredBy: "bob" };
  const saved = await call("PUT", `${path}/script`, { body, token });
  expect(saved.status).toBe(201);
  expect(saved.json).toMatchObject({ createdBy: "bob" });
  expect(saved.json.files[0].content).toBe(`${SCRIPT}# ä\n`);
  expect((await post({ scriptContent: PACKED }, "/v1/scripts/check")).json.ok).toBe(true);
  for (const method of ["PUT", "PATCH"] as const) {
    const cleared = await call("PATCH", path, { body: { locustClusterId: null }, token });
    expect(cleared.json).not.toHaveProperty("locustClusterId");
    const changed = await call(method, path, { body: { clusterId: "local" }, token });
    expect([changed.status, changed.json.locustClusterId]).toEqual([200, "local"]);
  }
});

test("both names are one field where they agree, and are refused where they differ", async () => {
  const same = { scriptContent: PACKED, locustfile: SCRIPT, triggeredBy: "ann", createdBy: "ann" };
  expect((await post({ ...LOAD_TEST, ...same })).status).toBe(201);
  for (const [older, today, body] of [
    ["scriptContent", "locustfile", { scriptContent: PACKED, locustfile: "pass" }],
    ["triggeredBy", "createdBy", { triggeredBy: "ann", createdBy: "bob" }],
    ["clusterId", "locustClusterId", { clusterId: "a", locustClusterId: "b" }],
  ] as const) {
    const { status, json } = await post({ ...LOAD_TEST, ...body });
    expect([status, json.errors[0].field]).toEqual([400, older]);
    expect(json.detail).toContain(`${older} and ${today} differ`);
  }
});

test.each([
  ["a text that is no base64", SCRIPT],
  ["base64 of bytes that are no text", Buffer.from([0xff, 0xfe, 0x00]).toString("base64")],
  ["no text", 5],
  ["nothing", ""],
])("scriptContent with %s is refused by its name", async (_what, scriptContent) => {
  const { status, json } = await post({ ...LOAD_TEST, scriptContent });
  expect(status).toBe(400);
  expect(json.errors).toEqual([
    {
      field: "scriptContent",
      message: "must be base64 of text in UTF-8; today it is locustfile, as plain text",
    },
  ]);
});

test("a fault is named as the request named its field", async () => {
  const id = await createLoadTest();
  const zero = await post({ durationSec: 0 }, `/v1/load-tests/${id}/runs`);
  expect([zero.status, zero.json.detail]).toEqual([
    400,
    "durationSec must be a whole number of at least 1.",
  ]);
  const label = await post({ ...LOAD_TEST, triggeredBy: 5 });
  expect([label.status, label.json.errors[0].field]).toEqual([400, "triggeredBy"]);
});

test("what has no certain meaning is refused with what it is today", async () => {
  const id = await createLoadTest();
  const { projectId: _left, ...half } = LOAD_TEST;
  const faults = async (path: string, body: object) =>
    (await post(body, path)).json.errors.map(
      ({ field, message }: { field: string; message: string }) => `${field} ${message}`,
    );
  const tenant =
    "tenantId is not a known field; the older API had it, today it is accountId, orgId and projectId";
  expect(await faults("/v1/load-tests", { ...half, tenantId: "acme" })).toContain(tenant);
  expect(await faults(`/v1/load-tests/${id}/runs`, { tenantId: "acme" })).toEqual([tenant]);
  expect(await faults("/v1/load-tests", { ...LOAD_TEST, durationSec: 5 })).toEqual([
    "durationSec is not a known field; the older API had it, today it is durationSeconds",
  ]);
  expect(await faults(`/v1/load-tests/${id}/runs`, { clusterId: "local" })).toEqual([
    "clusterId is not a known field; the older API had it, today it is locustClusterId",
  ]);
  const query = await call("GET", "/v1/load-tests?tenantId=acme", { token });
  expect([query.status, query.json.errors[0].field]).toEqual([400, "tenantId"]);
});
