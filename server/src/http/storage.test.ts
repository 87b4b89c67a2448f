import { afterAll, expect, test } from "vitest";
import { runOf, sampleOf } from "../stores/testing/fixtures.ts";
import { LOAD_TEST, testApp } from "./testing/test-app.ts";

const { app, call, stores } = testApp();
afterAll(() => app.close());

test("the storage use counts load tests, runs and records of metrics", async () => {
  const before = await call("GET", "/v1/admin/storage");
  expect(before.status).toBe(200);
  const nothing = { kind: stores.kind, loadTests: 0, runs: 0, metricRecords: 0 };
  expect(before.json).toMatchObject(nothing);

  expect((await call("POST", "/v1/load-tests", { body: LOAD_TEST })).status).toBe(201);
  const run = runOf();
  await stores.runs.create(run);
  await stores.metrics.append([
    sampleOf({ runId: run.id, seq: 1 }),
    sampleOf({ runId: run.id, seq: 2 }),
  ]);
  const after = await call("GET", "/v1/admin/storage");
  expect(after.json).toMatchObject({ loadTests: 1, runs: 1, metricRecords: 2 });
});
