import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { batchOf, sampleRecord, withProblems } from "../metrics/testing/fixtures.ts";
import { endpointId } from "../metrics/codec/sample.ts";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

const { app, stores, call } = testApp();
let [full, empty] = ["", ""];

beforeAll(async () => {
  const body = { ...LOAD_TEST, locustfile: SCRIPT };
  const loadTest = (await call("POST", "/v1/load-tests", { body })).json.id;
  const start = async (): Promise<string> =>
    (await call("POST", `/v1/load-tests/${loadTest}/runs`, { body: {} })).json.id;
  [full, empty] = [await start(), await start()];
  const error = { error: "HTTP 500", count: 1, firstMs: 1_002_000, lastMs: 1_002_000 };
  const rows = [
    sampleRecord(1, 1000, [{ name: "/a", ok: [10, 20] }]),
    sampleRecord(2, 1001, [{ name: '=cmd|"x', ok: [5] }]),
    withProblems(3, 1002, {
      errors: [{ id: endpointId("GET", "/a"), ...error }],
      exceptions: [{ workers: "w1", message: "boom", traceback: "line", count: 3 }],
    }),
  ];
  await stores.metrics.append(rows.map((row) => ({ ...row, runId: full })));
});
afterAll(() => app.close());

const read = async (path: string) => {
  const answer = await call("GET", `/v1/runs/${path}`);
  expect(answer.status).toBe(200);
  return answer;
};

test("a batch of another protocol gets a 503 that names both versions", async () => {
  const batch = Buffer.from(batchOf([sampleRecord(1, 1000, [{ name: "/a", ok: [10] }])], full));
  const post = (payload: Buffer) =>
    app.http.inject({
      method: "POST",
      url: "/v1/internal/locust/samples",
      headers: { host: "127.0.0.1", "content-type": "application/vnd.load-manager.batch" },
      payload,
    });
  batch[3] = 3;
  const answer = await post(batch);
  expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
  expect(answer.json()).toMatchObject({
    type: "https://load-manager.dev/problems/unavailable",
    pluginProtocol: 3,
    serverProtocol: 2,
  });
  expect((await post(batch.subarray(1))).statusCode).toBe(400);
});

describe("the metrics of a run", () => {
  test("scatter and heatmap count every request with a response time", async () => {
    const scatter = (await read(`${full}/metrics/scatter`)).json;
    expect([scatter.runId, scatter.testRunId]).toEqual([full, full]);
    expect(scatter.dataPoints).toHaveLength(4);
    expect(scatter.dataPoints[0].timestamp).toBe("1970-01-01T00:16:40.000Z");
    const map = (await read(`${full}/metrics/heatmap?endpoint=GET%20/a`)).json;
    expect(map.counts.flat().reduce((sum: number, count: number) => sum + count, 0)).toBe(3);
    expect(map.counts[0]).toHaveLength(map.lowerMs.length);
  });

  test("failures and exceptions have times", async () => {
    const failures = (await read(`${full}/failures`)).json;
    expect(failures).toEqual({
      runId: full,
      truncated: false,
      items: [
        {
          method: "GET",
          name: "/a",
          error: "HTTP 500",
          occurrences: 1,
          firstSeenAt: "1970-01-01T00:16:42.000Z",
          lastSeenAt: "1970-01-01T00:16:42.000Z",
        },
      ],
    });
    const exceptions = (await read(`${full}/exceptions`)).json;
    expect(exceptions.items[0]).toMatchObject({ message: "boom", count: 3, workers: ["w1"] });
  });

  test("the export is a file, in either format; a name cannot become a formula", async () => {
    const csv = await read(`${full}/metrics/export`);
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
    expect(csv.headers["content-disposition"]).toContain(`${full}-metrics.csv`);
    expect(csv.text.split("\r\n")).toHaveLength(5);
    expect(csv.text).toContain(`GET,"'=cmd|""x",1`);
    const lines = await read(`${full}/metrics/export?format=ndjson&step=60s`);
    expect(lines.headers["content-type"]).toBe("application/x-ndjson");
    const [first] = lines.text.split("\n");
    expect(JSON.parse(first ?? "")).toMatchObject({ name: "/a", requests: 3, failures: 1 });
    const wrong = await call("GET", `/v1/runs/${full}/metrics/export?step=5s`);
    expect([wrong.status, wrong.json.errors[0].field]).toEqual([400, "step"]);
  });

  test("the message of an exclusive limit says more than or less than", async () => {
    const load = { ...LOAD_TEST, locustfile: SCRIPT, autoStop: { failedPercent: 0 } };
    const answers = [
      await call("POST", "/v1/load-tests", { body: load }),
      await call("GET", `/v1/runs/${full}/summary?percentiles=0`),
      await call("GET", `/v1/runs/${full}/summary?percentiles=100`),
    ];
    expect(answers.map(({ status, json }) => [status, json.errors])).toEqual([
      [400, [{ field: "autoStop.failedPercent", message: "must be more than 0" }]],
      [400, [{ field: "percentiles", message: "must be more than 0" }]],
      [400, [{ field: "percentiles", message: "must be less than 100" }]],
    ]);
  });

  test("a run without samples has empty answers, not errors", async () => {
    expect((await read(`${empty}/metrics/scatter`)).json).toMatchObject({ dataPoints: [] });
    expect((await read(`${empty}/metrics/heatmap`)).json).toMatchObject({ t: [], counts: [] });
    expect((await read(`${empty}/failures`)).json.items).toEqual([]);
    expect((await read(`${empty}/exceptions`)).json.items).toEqual([]);
    expect((await read(`${empty}/metrics/export`)).text.split("\r\n")).toHaveLength(2);
    expect((await read(`${empty}/metrics/export?format=ndjson`)).text).toBe("");
  });

  test("HEAD of a stream answers at once", async () => {
    const head = await app.http.inject({
      method: "HEAD",
      url: `/v1/runs/${full}/stream`,
      headers: { host: "127.0.0.1" },
    });
    expect([head.statusCode, head.headers["content-type"]]).toEqual([
      200,
      "text/event-stream; charset=utf-8",
    ]);
  });

  test("the documentation has the definitions", async () => {
    const page = await call("GET", "/docs");
    expect(page.text).toContain('id="definitions"');
    expect(page.text).toContain("rank ⌈p·n⌉");
  });
});
