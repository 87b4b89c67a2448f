import { Writable } from "node:stream";
import { pino } from "pino";
import { afterAll, expect, test } from "vitest";
import { runOf } from "../stores/testing/fixtures.ts";
import { LOAD_TEST, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

type Line = Readonly<Record<string, unknown>>;
const lines: Line[] = [];
const log = pino(
  new Writable({
    write: (chunk, _, done) => {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  }),
);
const { app, stores, call } = testApp(withTokens, undefined, log);
afterAll(() => app.close());

const token = TOKENS.team;
const team = { kind: "token", id: "team", name: "team" };
const linesOf = (event: string) => lines.filter((line) => line["event"] === event);
const last = (event: string): Line => linesOf(event).at(-1) ?? {};
const eventsOf = async (runId: string) => (await stores.events.list(runId, { limit: 50 })).items;

test("what a request does to a run is logged with the request's id, and its event has the actor", async () => {
  const { json: loadTest } = await call("POST", "/v1/load-tests", { body: LOAD_TEST, token });
  const run = runOf({
    accountId: "acme",
    orgId: "web",
    loadTestId: loadTest.id,
    status: "Running",
  });
  await stores.runs.create(run);
  const stopped = await call("POST", `/v1/runs/${run.id}/stop`, { token });
  const requestId = stopped.headers["x-request-id"];
  expect(last("run_stopping")).toMatchObject({ runId: run.id, requestId });
  const [stopping] = (await eventsOf(run.id)).filter(({ data }) => data?.["to"] === "Stopping");
  expect(stopping).toMatchObject({ message: "Stopping: Stopped by team.", data: { actor: team } });
});

test("who changes the users of a run is in the event", async () => {
  const run = runOf({ accountId: "acme", orgId: "web", status: "Running" });
  await stores.runs.create(run);
  const body = { targetUsers: 3 };
  expect((await call("PATCH", `/v1/runs/${run.id}/load`, { body, token })).status).toBe(202);
  const changed = (await eventsOf(run.id)).find(({ type }) => type === "load_changed");
  expect(changed?.data).toMatchObject({ actor: team, targetUsers: 3 });
});

test("callbacks of Locust act as Locust, with the id of their request", async () => {
  const headers = { "x-locust-token": TOKENS.callback };
  const run = runOf({ accountId: "acme", trigger: "external", status: "Running" });
  await stores.runs.create(run);
  const body = { runId: run.id, autoStopped: true };
  const answer = await call("POST", "/v1/internal/locust/test-stop", { body, headers });
  expect(answer.status).toBe(200);
  expect(last("run_stopping")).toMatchObject({
    runId: run.id,
    requestId: answer.headers["x-request-id"],
  });
  const [stopping] = (await eventsOf(run.id)).filter(({ data }) => data?.["to"] === "Stopping");
  expect(stopping?.data).toMatchObject({ actor: { kind: "locust", id: "locust" } });
});

test("who deletes a load test, or reloads the configuration, is in the log", async () => {
  const { json: loadTest } = await call("POST", "/v1/load-tests", { body: LOAD_TEST, token });
  const deleted = await call("DELETE", `/v1/load-tests/${loadTest.id}`, { token });
  expect(last("load_test_deleted")).toMatchObject({
    loadTestId: loadTest.id,
    actor: team,
    requestId: deleted.headers["x-request-id"],
  });
  const reload = await call("POST", "/v1/admin/reload", { token: TOKENS.admin });
  expect(last("config_reload_failed")).toMatchObject({
    actor: { kind: "token", id: "administrator" },
    requestId: reload.headers["x-request-id"],
  });
});
