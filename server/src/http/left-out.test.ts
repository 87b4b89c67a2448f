import { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { RunAnswer } from "@load-manager/contract/api/run.ts";
import { unavailableSettings } from "@load-manager/contract/api/settings.ts";
import { afterAll, expect, test } from "vitest";
import { LOAD_TEST, testApp } from "./testing/test-app.ts";

const { app, call } = testApp();
afterAll(() => app.close());

test("what nothing can set is in no answer of a load test or a run", async () => {
  const loadTest = await call("POST", "/v1/load-tests", { body: LOAD_TEST });
  expect(loadTest.status).toBe(201);
  for (const name of Object.keys(unavailableSettings)) {
    expect(loadTest.json).not.toHaveProperty(name);
    for (const { shape } of [LoadTestAnswer, RunAnswer]) expect(shape).not.toHaveProperty(name);
  }
});
