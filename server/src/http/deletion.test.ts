import { expect, test } from "vitest";
import { runOf } from "../stores/testing/fixtures.ts";
import { testApp, TOKENS, withTokens } from "./testing/test-app.ts";

test("a run that is being deleted cannot be read or changed; the next DELETE finishes it", async () => {
  const { app, stores, call } = testApp(withTokens);
  const run = runOf({ status: "Stopped", settledAt: 2_000, deletingAt: 3_000 });
  await stores.runs.create(run);
  const url = `/v1/runs/${run.id}`;
  const ask = async (...[method, path, body]: [Parameters<typeof call>[0], string, object?]) =>
    (await call(method, path, { token: TOKENS.admin, ...(body === undefined ? {} : { body }) }))
      .status;
  expect(await ask("GET", url)).toBe(404);
  expect(await ask("GET", `${url}/summary`)).toBe(404);
  expect(await ask("PATCH", url, { keep: true })).toBe(409);
  expect(await ask("POST", `${url}/events`, { message: "x" })).toBe(404);
  const callback = await call("POST", "/v1/internal/locust/test-stop", {
    headers: { "x-locust-token": TOKENS.callback },
    body: { runId: run.id },
  });
  expect(callback.status).toBe(410);
  const listed = await call("GET", "/v1/runs", { token: TOKENS.admin });
  expect(listed.text).not.toContain("deletingAt");
  const foreign = { token: TOKENS.other, headers: { "if-match": '"1"' } };
  expect((await call("DELETE", url, foreign)).status).toBe(404);
  expect(await ask("DELETE", url)).toBe(204);
  expect(await stores.runs.get(run.id)).toBeUndefined();
  await app.close();
});
