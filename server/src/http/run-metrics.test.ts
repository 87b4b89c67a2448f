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
  const error = { error: "HTTP 500", count: 1 };
  const rows = [
    sampleRecord(1, 1000, [{ name: "/a", ok: [10, 20] }]),
    sampleRecord(2, 1001, [{ name: '=cmd|"x', ok: [5] }]),
    withProblems(3, 1002, {
      errors: [{ id: endpointId("GET", "/a"), ...error }],
      exceptions: [{ worker: "w1", message: "boom", traceback: "line", count: 3 }],
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

test("the summary says how far the metrics can be trusted, and the knee that it cannot be told", async () => {
  const { trust, findings } = (await read(`${full}/summary`)).json;
  expect(trust).toMatchObject({
    data: { state: "fine", gaps: 0, lastSecondAt: "1970-01-01T00:16:42.000Z" },
    clocks: { state: "unknown" },
  });
  expect(findings).toEqual([]);
  expect((await read(`${full}/metrics/knee?endpoint=GET%20/a`)).json).toMatchObject({
    stepMs: 10_000,
    knee: null,
    noKneeUpToUsers: null,
  });
});

test("a batch of another protocol gets a 503 that names both versions", async () => {
  const batch = Buffer.from(batchOf([sampleRecord(1, 1000, [{ name: "/a", ok: [10] }])], full));
  const post = (payload: Buffer) =>
    app.http.inject({
      method: "POST",
      url: "/v1/internal/locust/samples",
      headers: { host: "127.0.0.1", "content-type": "application/vnd.load-manager.batch" },
      payload,
    });
  batch[3] = 4;
  // The plugin asks with an empty one whether it reaches a server that takes its batches.
  const greeting = Buffer.concat([Buffer.from([0x4c, 0x4d, 0x42, 3, 0]), Buffer.alloc(17)]);
  const welcome = await post(greeting);
  expect([welcome.statusCode, welcome.json()]).toEqual([
    200,
    { acknowledgedSeq: 0, unknownIds: [], commands: [] },
  ]);
  greeting[3] = 4;
  expect((await post(greeting)).statusCode).toBe(503);
  const answer = await post(batch);
  expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([503, "5"]);
  expect(answer.json()).toMatchObject({
    type: "https://load-manager.dev/problems/unavailable",
    pluginProtocol: 4,
    serverProtocol: 3,
  });
  expect((await post(batch.subarray(1))).statusCode).toBe(400);
});

describe("the metrics of a run", () => {
  test("fields selects what a chart answers, in both formats; an unknown one gets the nearest name", async () => {
    const path = `${full}/metrics/timeseries?fields=avgResponseMs,p99.9ResponseMs,errorRate`;
    const points = (await read(path)).json;
    expect(Object.keys(points.dataPoints[0]).toSorted()).toEqual([
      "avgResponseMs",
      "errorRate",
      "p99.9ResponseMs",
      "timestamp",
    ]);
    expect(points.dataPoints[0]).toMatchObject({ avgResponseMs: 15, errorRate: 0 });
    expect(points.dataPoints[0]["p99.9ResponseMs"]).toBeCloseTo(20, 0);
    expect(points).not.toHaveProperty("summary");
    const columns = (await read(`${path},summary&format=columns`)).json;
    expect(columns["p99.9ResponseMs"]).toHaveLength(columns.t.length);
    expect(columns).not.toHaveProperty("p50ResponseMs");
    expect(columns.summary.totalRequests).toBe(4);
    const all = (await read(`${full}/metrics/timeseries`)).json.dataPoints[0];
    expect(all).toMatchObject({ minResponseMs: 10, maxResponseMs: 20, targetUsers: 5 });
    const few = (await read(`${full}/metrics/timeseries?fields=minResponseMs,maxResponseMs`)).json;
    expect(few.dataPoints[0]).toMatchObject({ minResponseMs: 10, maxResponseMs: 20 });
    for (const [name, said] of [
      ["avgResponseMS", 'did you mean "avgResponseMs"?'],
      ["p100ResponseMs", "above 0 and below 100"],
      ["p0ResponseMs", "above 0 and below 100"],
      ["", "is no field of a point"],
    ] as const) {
      const { status, json } = await call(
        "GET",
        `/v1/runs/${full}/metrics/timeseries?fields=totalRps,${name}`,
      );
      expect([status, json.errors[0].field]).toEqual([400, "fields"]);
      expect(json.errors[0].message).toContain(said);
    }
  });

  test("failures over time, processes and user classes are columns over the same times", async () => {
    const failures = (await read(`${full}/metrics/failures`)).json;
    expect(failures).toMatchObject({ runId: full, stepMs: 1000, truncated: false });
    expect(failures.t).toEqual([1_000_000, 1_001_000, 1_002_000]);
    expect(failures.series).toEqual([
      { method: "GET", name: "/a", error: "HTTP 500", occurrences: 1, counts: [0, 0, 1] },
    ]);
    const early = (await read(`${full}/metrics/failures?to=1002000&points=1`)).json;
    expect(early.series).toEqual([]);
    for (const name of ["processes", "users"]) {
      const answer = (await read(`${full}/metrics/${name}`)).json;
      expect(answer).toMatchObject({ testRunId: full, stepMs: 1000, t: failures.t });
    }
    expect((await read(`${empty}/metrics/failures`)).json).toMatchObject({ t: [], series: [] });
  });

  test("the table of endpoints is a file in Locust's columns, which ends with its row Aggregated", async () => {
    const csv = await read(`${full}/requests?format=csv`);
    expect(csv.headers["content-type"]).toBe("text/csv; charset=utf-8");
    const lines = csv.text.trim().split("\r\n");
    expect(lines[0]).toContain("Type,Name,Request Count,Failure Count");
    expect(lines.at(-1)).toMatch(/^,Aggregated,4,1,/);
  });

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
    expect(page.text).toContain("interpolated linearly inside its bucket");
  });
});
