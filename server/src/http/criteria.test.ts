import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { RunStatus } from "@load-manager/contract/model/run.ts";
import { RECORD } from "../metrics/codec/batch.ts";
import { batchOf, jsonRecord, type Requests, sampleRecord } from "../metrics/testing/fixtures.ts";
import { LOAD_TEST, SCRIPT, testApp } from "./testing/test-app.ts";

const { app, stores, call } = testApp();
afterAll(() => app.close());
const create = async (more: object = {}) =>
  call("POST", "/v1/load-tests", { body: { ...LOAD_TEST, locustfile: SCRIPT, ...more } });
const criteria = (...expressions: string[]) => expressions.map((expression) => ({ expression }));
const START = 1_699_000_000;

const slow: Requests = { name: "/slow", ok: Array.from({ length: 10 }, () => 500) };
const quick: Requests = { name: "/a", ok: Array.from({ length: 10 }, () => 10) };

/** 30 s of 10 requests of 10 ms and 10 of 500 ms; `late`: without the seconds from 10 to 20. */
const recordsOf = (isLate = false) => [
  jsonRecord(1, RECORD.open, { loadStartedAtMs: START * 1000, workers: ["w"] }),
  ...Array.from({ length: 30 }, (_, second) =>
    sampleRecord(second + 2, START + second, [quick, slow]),
  ).filter((_, second) => !isLate || second < 10 || second >= 20),
  jsonRecord(32, RECORD.final, {
    loadStartedAtMs: START * 1000,
    stopIssuedAtMs: (START + 30) * 1000,
    workersExpected: 1,
    workersReported: 1,
  }),
];

/** Creates a run, and gives it its metrics and its end. The loop, which has not been started yet, will settle it. */
const ended = async (
  loadTestId: string,
  options: { body?: object; status?: RunStatus; isLate?: boolean } = {},
): Promise<string> => {
  const { body = {}, status = "Finished", isLate = false } = options;
  const created = await call("POST", `/v1/load-tests/${loadTestId}/runs`, { body });
  expect(created.status).toBe(201);
  const { id } = created.json;
  await stores.metrics.append(recordsOf(isLate).map((record) => ({ ...record, runId: id })));
  const move = async (patch: Parameters<typeof stores.runs.update>[2]): Promise<void> => {
    for (;;) {
      const run = await stores.runs.get(id);
      if (await stores.runs.update(id, { version: run?.version ?? 0 }, patch)) return;
    }
  };
  if (status === "Failed") await move({ status, finishedAt: (START + 35) * 1000 });
  else {
    // Without a slot the loop has nothing to stop.
    const times = { startedAt: START * 1000, loadStartedAt: START * 1000 };
    await stores.runs.update(id, { version: 1 }, { status: "Starting", ...times });
    await move({
      status: "Stopping",
      endCause: "duration_reached",
      loadEndedAt: (START + 30) * 1000,
    });
    await move({ status, finishedAt: (START + 35) * 1000 });
  }
  return id;
};

describe("criteria of a load test", () => {
  test("are stored with their ids, changed as a whole, and cleared", async () => {
    const given = [
      { expression: "p95 < 300 ms", severity: "warn", abort: { afterSeconds: 10 } },
      { id: "c1", name: "No errors", expression: "errorRate < 1 %" },
      { expression: "rps>=1" },
    ];
    const made = await create({ criteria: given });
    expect([made.status, made.json.criteria]).toEqual([
      201,
      [
        { id: "c2", expression: "p95 < 300 ms", severity: "warn", abort: { afterSeconds: 10 } },
        { id: "c1", name: "No errors", expression: "errorRate < 1 %", severity: "fail" },
        { id: "c3", expression: "rps>=1", severity: "fail" },
      ],
    ]);
    const path = `/v1/load-tests/${made.json.id}`;
    expect((await call("GET", path)).json.criteria).toEqual(made.json.criteria);
    for (const method of ["PATCH", "PUT"] as const) {
      const changed = await call(method, path, { body: { criteria: criteria("avg < 1 s") } });
      expect(changed.json.criteria).toEqual([
        { id: "c1", expression: "avg < 1 s", severity: "fail" },
      ]);
      const other = await call(method, path, { body: { defaultUsers: 2 } });
      expect(other.json.criteria).toHaveLength(1);
    }
    const cleared = await call("PATCH", path, { body: { criteria: null } });
    expect(cleared.json).not.toHaveProperty("criteria");
  });

  const DURATION = { defaultDurationSec: 60 };
  test.each<[object, string, string]>([
    [
      { criteria: criteria("p95 < 1 s", "p95 < 300") },
      "criteria[1].expression",
      'column 7: a unit is missing: ms, s, min, h (did you mean "300 ms"?)',
    ],
    [
      { criteria: [{ expression: "p95 < 1 s", severity: "error" }] },
      "criteria[0].severity",
      '"fail", "warn"',
    ],
    [
      { criteria: [{ expression: "p95 < 1 s", abort: { afterSeconds: 0 } }] },
      "criteria[0].abort.afterSeconds",
      "at least 1",
    ],
    [
      { criteria: [{ expression: "p95 < 1 s", abort: {} }] },
      "criteria[0].abort.afterSeconds",
      "is required",
    ],
    [{ criteria: [{ expression: "p95 < 1 s", more: 1 }] }, "criteria[0].more", "not a known field"],
    [{ criteria: [{ expression: "p95 < 1 s", id: "a b" }] }, "criteria[0].id", "letters"],
    [
      { criteria: ["a", "a"].map((id) => ({ id, expression: "p95 < 1 s" })) },
      "criteria[1].id",
      "is there twice",
    ],
    [
      { criteria: criteria(...Array.from({ length: 101 }, () => "p95 < 1 s")) },
      "criteria",
      "at most 100",
    ],
    [
      { ...DURATION, criteria: criteria("p95 < 1 s", "p95 < 1 s over last 61 s") },
      "criteria[1].expression",
      "needs a load of 61 s, and the load lasts 60 s",
    ],
    [
      { ...DURATION, criteria: criteria("p95 < 1 s over 30 s .. 2 min") },
      "criteria[0].expression",
      "needs a load of 120 s",
    ],
    [
      { maxDurationSec: 20, criteria: criteria("p95 < 1 s in every 30 s") },
      "criteria[0].expression",
      "needs a load of 30 s",
    ],
  ])("%j is refused, and changes nothing", async (more, field, message) => {
    const refused = await create(more);
    expect([refused.status, refused.json.errors[0].field]).toEqual([400, field]);
    expect(refused.json.errors[0].message).toContain(message);
    const made = (await create()).json;
    const patched = await call("PATCH", `/v1/load-tests/${made.id}`, { body: more });
    expect([patched.status, patched.json.errors[0].field]).toEqual([400, field]);
    expect((await call("GET", `/v1/load-tests/${made.id}`)).json).toEqual({
      ...made,
      warnings: undefined,
    });
  });

  test("a duration that is changed must leave room for their windows", async () => {
    const made = (await create({ ...DURATION, criteria: criteria("p95 < 1 s over last 60 s") }))
      .json;
    const body = { defaultDurationSec: 30 };
    const refused = await call("PATCH", `/v1/load-tests/${made.id}`, { body });
    expect([refused.status, refused.json.errors[0].field]).toEqual([400, "criteria[0].expression"]);
    const run = await call("POST", `/v1/load-tests/${made.id}/runs`, {
      body: { durationSeconds: 30 },
    });
    expect([run.status, run.json.errors[0].field]).toEqual([400, "durationSeconds"]);
    expect(run.json.detail).toContain("p95 < 1 s over last 60 s");
    const own = { durationSeconds: 30, criteria: criteria("p95 < 1 s over last 31 s") };
    const refusedOwn = await call("POST", `/v1/load-tests/${made.id}/runs`, { body: own });
    expect(refusedOwn.json.errors[0].field).toBe("criteria[0].expression");
  });
});

describe("the verdict of a run", () => {
  const loadTests = { gate: "", late: "", free: "" };
  const runs = { passed: "", failed: "", unsure: "", none: "", broken: "", late: "", free: "" };
  beforeAll(async () => {
    const duration = { defaultDurationSec: 30 };
    const of = async (...expressions: string[]): Promise<string> =>
      (await create({ ...duration, criteria: criteria(...expressions) })).json.id;
    loadTests.gate = await of("p95(/a) < 300 ms", "errorRate < 1 %");
    runs.passed = await ended(loadTests.gate);
    const body = { criteria: criteria("p95 < 1 ms") };
    await call("PATCH", `/v1/load-tests/${loadTests.gate}`, { body });
    runs.failed = await ended(loadTests.gate);
    const own = [...criteria("p95(/b) < 1 s"), { expression: "max < 1 ms", severity: "warn" }];
    runs.unsure = await ended(loadTests.gate, { body: { criteria: own } });
    runs.none = await ended(loadTests.gate, { body: { criteria: [] } });
    runs.broken = await ended(loadTests.gate, { status: "Failed" });
    loadTests.late = await of("requests >= 600");
    runs.late = await ended(loadTests.late, { isLate: true });
    loadTests.free = await of();
    runs.free = await ended(loadTests.free);
    await app.start("http://127.0.0.1:1");
    for (const id of Object.values(runs)) {
      const settledAt = async () => (await stores.runs.get(id))?.settledAt;
      await vi.waitUntil(settledAt, { timeout: 20_000 });
    }
  }, 60_000);

  test("is made when it is settled, and stays: in the run, lists, its load test, filters", async () => {
    const { gate } = loadTests;
    const { passed, failed, unsure, none, broken } = runs;
    const verdicts = {
      [passed]: "passed",
      [failed]: "failed",
      [unsure]: "inconclusive",
      [none]: "none",
      [broken]: "inconclusive",
    };
    for (const [id, verdict] of Object.entries(verdicts)) {
      expect((await call("GET", `/v1/runs/${id}`)).json.verdict).toBe(verdict);
      expect((await call("GET", `/v1/runs/${id}/summary`)).json.verdict).toBe(verdict);
      expect((await call("GET", `/v1/runs/${id}/verdict`)).json).toMatchObject({
        runId: id,
        verdict,
      });
    }
    const list = (await call("GET", `/v1/load-tests/${gate}/runs`)).json.items;
    expect(
      Object.fromEntries(list.map((run: { id: string; verdict: string }) => [run.id, run.verdict])),
    ).toEqual(verdicts);
    expect(list[0]).not.toHaveProperty("criterionVerdicts");
    const { recentRuns } = (await call("GET", `/v1/load-tests/${gate}`)).json;
    expect(
      Object.fromEntries(
        recentRuns.map((run: { id: string; verdict: string }) => [run.id, run.verdict]),
      ),
    ).toEqual(verdicts);
    const filtered = async (verdict: string) =>
      (await call("GET", `/v1/runs?loadTestId=${gate}&verdict=${verdict}`)).json.items.map(
        ({ id }: { id: string }) => id,
      );
    expect(await filtered("failed")).toEqual([failed]);
    expect((await filtered("inconclusive,passed")).toSorted()).toEqual(
      [passed, unsure, broken].toSorted(),
    );
    expect((await call("GET", "/v1/runs?verdict=good")).json.errors[0].field).toBe("verdict");

    const { criteria: details } = (await call("GET", `/v1/runs/${unsure}/verdict`)).json;
    expect(details).toMatchObject([
      {
        id: "c1",
        verdict: "inconclusive",
        observed: null,
        requests: 0,
        reason: { code: "no_data" },
      },
      {
        id: "c2",
        severity: "warn",
        verdict: "failed",
        observed: 500,
        limit: 1,
        unit: "ms",
        requests: 600,
      },
    ]);
    expect((await call("GET", `/v1/runs/${broken}/verdict`)).json.criteria[0].reason.code).toBe(
      "could_not_run",
    );
    expect((await call("GET", `/v1/runs/${passed}/verdict`)).json.criteria).toMatchObject([
      {
        expression: "p95(/a) < 300 ms",
        verdict: "passed",
        requests: 300,
        window: { from: new Date(START * 1000).toISOString() },
      },
      { expression: "errorRate < 1 %", verdict: "passed", observed: 0, requests: 600 },
    ]);
  });

  test("stays when metrics arrive later, and an event says that it would be another one", async () => {
    const id = runs.late;
    const loadTest = (await call("GET", `/v1/load-tests/${loadTests.late}`)).json;
    const verdictOf = async () => (await call("GET", `/v1/runs/${id}/verdict`)).json;
    const frozen = await verdictOf();
    expect(frozen).toMatchObject({
      verdict: "inconclusive",
      criteria: [{ observed: 400, reason: { code: "incomplete" } }],
    });
    const late = await app.http.inject({
      method: "POST",
      url: "/v1/internal/locust/samples",
      headers: { host: "127.0.0.1", "content-type": "application/vnd.load-manager.batch" },
      payload: Buffer.from(batchOf(recordsOf(), id)),
    });
    expect(late.statusCode).toBe(200);
    expect(await verdictOf()).toEqual(frozen);
    expect((await call("GET", `/v1/runs/${id}`)).json.summary.totalRequests).toBe(600);
    const { items } = (await call("GET", `/v1/runs/${id}/events`)).json;
    expect(
      items.filter(({ type }: { type: string }) => type === "verdict_would_differ"),
    ).toMatchObject([{ data: { verdict: "inconclusive", wouldBe: "passed" } }]);
    expect(
      (await call("POST", `/v1/runs/${id}/evaluate`, { body: { criteria: loadTest.criteria } }))
        .json.verdict,
    ).toBe("passed");
  });

  test("other criteria are tried on an old run, and nothing is stored", async () => {
    const id = runs.free;
    const before = (await call("GET", `/v1/runs/${id}`)).json;
    const body = {
      criteria: criteria(
        "p50(*slow) > 400 ms in every 10 s",
        "exceptions = 0",
        "p99 < baseline * 1.1",
      ),
    };
    const tried = await call("POST", `/v1/runs/${id}/evaluate`, { body });
    expect([tried.status, tried.json.verdict]).toEqual([200, "inconclusive"]);
    expect(tried.json.criteria).toMatchObject([
      { verdict: "passed", windows: { total: 21, decided: 21, violated: 0 } },
      { verdict: "passed" },
      { verdict: "inconclusive", limit: null, reason: { code: "no_baseline" } },
    ]);
    expect((await call("GET", `/v1/runs/${id}`)).json).toEqual(before);
    expect((await call("GET", `/v1/runs/${id}/verdict`)).json).toMatchObject({
      verdict: "none",
      criteria: [],
    });
    const bad = await call("POST", `/v1/runs/${id}/evaluate`, {
      body: { criteria: criteria("p95 <") },
    });
    expect([bad.status, bad.json.errors[0].field]).toEqual([400, "criteria[0].expression"]);
  });

  test("of a run that has not ended is none, and nothing can be tried on it", async () => {
    const loadTest = (await create()).json;
    const { id } = (
      await call("POST", `/v1/load-tests/${loadTest.id}/runs`, {
        body: { criteria: criteria("p95 < 1 s") },
      })
    ).json;
    expect((await call("GET", `/v1/runs/${id}/verdict`)).json).toMatchObject({
      verdict: "none",
      criteria: [],
    });
    const body = { criteria: criteria("p95 < 1 s") };
    expect((await call("POST", `/v1/runs/${id}/evaluate`, { body })).status).toBe(409);
    await call("POST", `/v1/runs/${id}/stop`);
  });
});

describe("checking expressions", () => {
  test("text becomes JSON and JSON text; faults have a column and a proposal", async () => {
    const form = {
      metric: "p99.9",
      endpoints: "GET /a(b)",
      window: { kind: "every", seconds: 30 },
      operator: "<=",
      limit: { kind: "value", value: 250 },
    };
    const expressions = ["p95<0.3s", form, "errorate < 1 %", "avg < 1 s over last 2 min"];
    const answer = await call("POST", "/v1/criteria/check", {
      body: { expressions, durationSeconds: 60 },
    });
    expect([answer.status, answer.json.ok]).toEqual([200, false]);
    const [text, json, fault, long] = answer.json.items;
    expect(text).toMatchObject({ ok: true, expression: "p95 < 300 ms", form: { metric: "p95" } });
    expect(json).toEqual({
      ok: true,
      expression: 'p99.9("GET /a(b)") <= 250 ms in every 30 s',
      form,
    });
    expect(fault).toMatchObject({
      ok: false,
      fault: { column: 1, length: 8, proposal: "errorRate" },
    });
    expect(long).toMatchObject({
      ok: false,
      fault: { message: "needs a load of 120 s, and the load lasts 60 s" },
    });
  });

  test.each([
    [{ metric: "p100" }, "metric"],
    [{ limit: { kind: "value", value: -1 } }, "limit.value"],
    [{ window: { kind: "between", fromSeconds: 5, toSeconds: 5 } }, "window.toSeconds"],
    [{ metric: "users", endpoints: "/a" }, "endpoints"],
  ])("JSON with %j is refused", async (change, field) => {
    const form = {
      metric: "p95",
      window: { kind: "run" },
      operator: "<",
      limit: { kind: "value", value: 1 },
    };
    const answer = await call("POST", "/v1/criteria/check", {
      body: { expressions: [{ ...form, ...change }] },
    });
    expect(answer.status).toBe(400);
    expect(answer.json.errors[0].field).toContain("expressions[0]");
    expect([answer.json.errors[0].field, field]).toEqual([expect.stringContaining(field), field]);
  });
});
