import { afterAll, expect, test } from "vitest";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { RECORD } from "../metrics/codec/batch.ts";
import { jsonRecord, sampleRecord } from "../metrics/testing/fixtures.ts";
import { criterionOf, FAILED, reportedOf, START } from "../runs/report/testing/reported.ts";
import { LOAD_TEST, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const { app, stores, call } = testApp((config) => ({
  ...withTokens(config),
  server: { ...config.server, publicUrl: "https://Load.example/lm/" },
}));
afterAll(() => app.close());

/** A settled run of a load test, with one endpoint. */
const settled = async (fields: Partial<LoadTestRun> = {}): Promise<string> => {
  const created = await call("POST", "/v1/load-tests", { body: LOAD_TEST, token: TOKENS.team });
  const { accountId, orgId, projectId } = LOAD_TEST;
  const scope = { accountId, orgId, projectId, loadTestId: created.json.id };
  const { run } = reportedOf({ name: "Checkout #7", ...scope, ...fields });
  await stores.runs.create(run);
  const records = [
    jsonRecord(1, RECORD.open, { loadStartedAtMs: START, workers: ["w"] }),
    sampleRecord(2, START / 1000, [{ name: "/cart", ok: [10, 20] }]),
  ];
  await stores.metrics.append(records.map((record) => ({ ...record, runId: run.id })));
  return run.id;
};
const get = (path: string, token = TOKENS.team) => call("GET", `/v1/runs/${path}`, { token });

test("JUnit and Markdown of a run have their content types, and the address of its page", async () => {
  const id = await settled({ verdict: "failed", criterionVerdicts: [FAILED] });
  const junit = await get(`${id}/junit`);
  expect([junit.status, junit.headers["content-type"]]).toEqual([
    200,
    "application/xml; charset=utf-8",
  ]);
  expect(junit.text).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuites /);
  expect(junit.text).toContain('<testcase classname="Checkout" name="run" time="30.000"/>');
  expect(junit.text).toContain('<failure type="failed" message="p95 &lt; 300 ms does not hold');
  expect(junit.text).toContain(`<property name="url" value="https://load.example/lm/runs/${id}"/>`);
  const markdown = await get(`${id}/markdown`);
  expect([markdown.status, markdown.headers["content-type"]]).toEqual([
    200,
    "text/markdown; charset=utf-8",
  ]);
  expect(markdown.text).toMatch(/^## ✗ Checkout \\#7 failed: 1 of 1 criterion does not hold\.\n/);
  expect(markdown.text).toContain("| GET /cart | 2 | 0 % |");
  expect(markdown.text).toContain(`(<https://load.example/lm/runs/${id}>)`);
});

test("several runs are in one report, in their order, each once", async () => {
  const first = await settled({ verdict: "passed", criterionVerdicts: [criterionOf()] });
  const second = await settled({ name: "Checkout #8" });
  const { text } = await get(`${first}/junit?also=${second},${first}`);
  expect([...text.matchAll(/<testsuite name="(.*?)"/g)].map(([, name]) => name)).toEqual([
    "Checkout #7",
    "Checkout #8",
  ]);
  expect((await get(`${first}/markdown?also=${second}`)).text).toContain("## 1 of 2 runs passed.");
  const many = await get(
    `${first}/junit?also=${Array.from({ length: 20 }, () => second).join(",")}`,
  );
  expect([many.status, many.json.errors[0].field]).toEqual([400, "also"]);
});

test("a run that has not ended has no report, and nobody sees those of others", async () => {
  const id = await settled();
  const running = await settled({ status: "Running", settledAt: undefined });
  for (const kind of ["junit", "markdown"]) {
    const early = await get(`${running}/${kind}`);
    expect([early.status, early.json.detail]).toEqual([
      409,
      "The run Checkout #7 is Running; it is reported when it has ended.",
    ]);
    expect((await get(`${id}/${kind}`, TOKENS.other)).status).toBe(404);
    expect((await get(`${id}/${kind}?also=${running}`)).status).toBe(409);
    expect((await get(`${id}/${kind}?also=unknown`)).json.detail).toContain("unknown");
  }
});
