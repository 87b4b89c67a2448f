import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { RECORD } from "../metrics/codec/batch.ts";
import { jsonRecord, sampleRecord } from "../metrics/testing/fixtures.ts";
import { temporaryFolder } from "../lib/testing/temporary-folder.ts";
import { openSqliteStores } from "../stores/sqlite/stores.ts";
import type { Stores } from "../stores/ports.ts";
import { storesForTests } from "../stores/testing/test-stores.ts";
import { LOAD_TEST, SCRIPT, testApp, TOKENS, withTokens } from "./testing/test-app.ts";

const SECONDS = 30;
const FIRST = 1_699_000_000;
/** A run begins so many seconds after the one before. */
const APART = 1000;

const recordsOf = (start: number, ms: number) => [
  jsonRecord(1, RECORD.open, { loadStartedAtMs: start * 1000, workers: ["w"] }),
  ...Array.from({ length: SECONDS }, (_, second) =>
    sampleRecord(second + 2, start + second, [
      { name: "/a", ok: Array.from({ length: 20 }, () => ms) },
    ]),
  ),
  jsonRecord(SECONDS + 2, RECORD.final, {
    loadStartedAtMs: start * 1000,
    stopIssuedAtMs: (start + SECONDS) * 1000,
    workersExpected: 1,
    workersReported: 1,
  }),
];

/** The app, and runs of it that have ended one after another. */
const setUp = (stores: Stores) => {
  const { app, call } = testApp(undefined, undefined, undefined, stores);
  let count = 0;
  const create = async (more: object = {}) => {
    const body = { ...LOAD_TEST, locustfile: SCRIPT, defaultDurationSec: SECONDS, ...more };
    return call("POST", "/v1/load-tests", { body });
  };
  /** A run whose requests took `ms`; without `isSettled` the loop, which has not been started yet, will settle it. */
  const ended = async (
    loadTestId: string,
    {
      ms = 10,
      body = {},
      isSettled = true,
    }: { ms?: number; body?: object; isSettled?: boolean } = {},
  ): Promise<string> => {
    count += 1;
    const start = FIRST + count * APART;
    const created = await call("POST", `/v1/load-tests/${loadTestId}/runs`, { body });
    expect(created.status).toBe(201);
    const { id } = created.json;
    await stores.metrics.append(recordsOf(start, ms).map((record) => ({ ...record, runId: id })));
    const times = { startedAt: start * 1000, loadStartedAt: start * 1000 };
    const finishedAt = (start + SECONDS + 5) * 1000;
    const loadEndedAt = (start + SECONDS) * 1000;
    const patches = [
      { status: "Starting", ...times },
      { status: "Stopping", endCause: "duration_reached", loadEndedAt },
      { status: "Finished", finishedAt, ...(isSettled ? { settledAt: finishedAt } : {}) },
    ] as const;
    for (const patch of patches) {
      const { version = 0 } = (await stores.runs.get(id)) ?? {};
      expect(await stores.runs.update(id, { version }, patch)).toBeDefined();
    }
    return id;
  };
  return { app, call, create, ended };
};

const opened: Stores[] = [];
const sqlite = async (): Promise<Stores> => {
  const stores = await openSqliteStores({ dataDir: join(temporaryFolder(), "data") });
  opened.push(stores);
  return stores;
};
afterAll(() => Promise.all(opened.map((stores) => stores.close())));

const isMongo = process.env["LOAD_MANAGER_TEST_STORE"] === "mongodb";
const KINDS: [string, () => Promise<Stores>][] = [
  [isMongo ? "mongodb" : "memory", async () => storesForTests()],
  ...(isMongo ? [] : [["sqlite", sqlite] as [string, () => Promise<Stores>]]),
];

const criteria = (...expressions: string[]) => expressions.map((expression) => ({ expression }));

describe.each(KINDS)("the baseline of a load test on %s", (_, open) => {
  let it: ReturnType<typeof setUp>;
  beforeAll(async () => {
    it = setUp(await open());
  });
  afterAll(() => it.app.close());

  test("is created, changed, kept by other changes, and cleared", async () => {
    const { call, create } = it;
    const made = await create({ baseline: { kind: "rolling" } });
    expect([made.status, made.json.baseline]).toEqual([201, { kind: "rolling", runs: 8 }]);
    const path = `/v1/load-tests/${made.json.id}`;
    for (const method of ["PATCH", "PUT"] as const) {
      const changed = await call(method, path, {
        body: { baseline: { kind: "rolling", runs: 3 } },
      });
      expect(changed.json.baseline).toEqual({ kind: "rolling", runs: 3 });
      const other = await call(method, path, { body: { defaultUsers: 2 } });
      expect(other.json.baseline).toEqual({ kind: "rolling", runs: 3 });
    }
    const cleared = await call("PATCH", path, { body: { baseline: null } });
    expect(cleared.json).not.toHaveProperty("baseline");
    expect((await call("GET", path)).json).not.toHaveProperty("baseline");
    expect((await create()).json).not.toHaveProperty("baseline");
  });

  test.each<[object, string]>([
    [{ kind: "rolling", runs: 0 }, "baseline.runs"],
    [{ kind: "rolling", runs: 21 }, "baseline.runs"],
    [{ kind: "rolling", runs: 2.5 }, "baseline.runs"],
    [{ kind: "rolling", more: 1 }, "baseline.more"],
    [{ kind: "run" }, "baseline.runId"],
    [{ kind: "run", runId: "none" }, "baseline.runId"],
    [{ kind: "best" }, "baseline.kind"],
  ])("%j is refused, and changes nothing", async (baseline, field) => {
    const { call, create } = it;
    const refused = await create({ baseline });
    expect([refused.status, refused.json.errors[0].field]).toEqual([400, field]);
    const made = (await create()).json;
    const path = `/v1/load-tests/${made.id}`;
    const patched = await call("PATCH", path, { body: { baseline } });
    expect([patched.status, patched.json.errors[0].field]).toEqual([400, field]);
    expect((await call("GET", path)).json).toEqual({ ...made, warnings: undefined });
  });

  test("may be a run that has ended and has the figures; it stays as long as it is the baseline", async () => {
    const { call, create, ended } = it;
    const loadTest = (await create({ criteria: criteria("avg(/a) < baseline * 1.1") })).json;
    const path = `/v1/load-tests/${loadTest.id}`;
    const choose = (runId: string, more: object = {}) =>
      call("PATCH", path, { body: { baseline: { kind: "run", runId }, ...more } });
    const keepOf = async (id: string) => (await call("GET", `/v1/runs/${id}`)).json.keep;

    const strange = await ended((await create()).json.id);
    expect((await choose(strange)).json.errors[0].message).toBe("is not a run of this load test");
    const pending = (await call("POST", `${path}/runs`, { body: {} })).json.id;
    expect((await choose(pending)).json.errors[0].message).toBe("must be a run that has ended");
    await call("POST", `/v1/runs/${pending}/stop`);
    const run = await ended(loadTest.id);
    const unmatched = await choose(run, { criteria: criteria("max(/b) < baseline") });
    expect([unmatched.status, unmatched.json.errors[0]]).toEqual([
      400,
      {
        field: "baseline.runId",
        message:
          "must be a run to compare with, and is one without the figure, for max(/b) < baseline",
      },
    ]);
    expect(await keepOf(run)).toBe(false);

    expect((await choose(run)).json.baseline).toEqual({ kind: "run", runId: run });
    expect(await keepOf(run)).toBe(true);
    expect((await call("DELETE", `/v1/runs/${run}`)).status).toBe(409);
    const unkept = await call("PATCH", `/v1/runs/${run}`, { body: { keep: false } });
    expect([unkept.status, unkept.json.detail]).toEqual([
      409,
      "The run is the baseline of its load test; choose another baseline first.",
    ]);
    expect((await call("PATCH", `/v1/runs/${run}`, { body: { notes: "x" } })).status).toBe(200);
    await call("PATCH", path, { body: { baseline: null } });
    expect((await call("PATCH", `/v1/runs/${run}`, { body: { keep: false } })).status).toBe(200);
    expect((await call("DELETE", `/v1/runs/${run}`)).status).toBe(204);
    expect((await choose(run)).json.errors[0].message).toBe("is not a run of this load test");
  });

  test("of which a run is judged is that of its creation, and is told with the verdict", async () => {
    const { app, call, create, ended } = it;
    const given = {
      criteria: criteria("avg < baseline * 1.1"),
      baseline: { kind: "rolling", runs: 2 },
    };
    const loadTest = (await create(given)).json;
    const path = `/v1/load-tests/${loadTest.id}`;
    const earlier = [await ended(loadTest.id, { ms: 5 })];
    for (const ms of [10, 10]) earlier.push(await ended(loadTest.id, { ms }));
    const other = await ended(loadTest.id, { ms: 50, body: { targetUsers: 7 } });
    const slower = await ended(loadTest.id, { ms: 12, isSettled: false });
    await call("PATCH", path, { body: { baseline: null } });
    const without = await ended(loadTest.id, { ms: 12, isSettled: false });
    const { baseline } = (await call("GET", `/v1/runs/${slower}`)).json;
    expect(baseline).toEqual({ kind: "rolling", runs: 2 });
    await app.start("http://127.0.0.1:1");
    for (const id of [slower, without]) {
      const settledAt = async () => (await call("GET", `/v1/runs/${id}`)).json.settledAt;
      await vi.waitUntil(settledAt, { timeout: 20_000 });
    }

    const frozen = (await call("GET", `/v1/runs/${slower}/verdict`)).json;
    expect(frozen).toMatchObject({
      verdict: "failed",
      criteria: [
        {
          verdict: "failed",
          observed: 12,
          limit: 11,
          baseline: {
            value: 10,
            noise: { runIds: expect.arrayContaining([earlier[1], earlier[2]]) },
          },
        },
      ],
    });
    expect(frozen.criteria[0].baseline.runs).toHaveLength(2);
    expect((await call("GET", `/v1/runs/${without}/verdict`)).json).toMatchObject({
      verdict: "inconclusive",
      criteria: [{ observed: 12, limit: null, reason: { code: "no_baseline" } }],
    });

    // Other criteria are tried with the same runs, whatever the load test compares with now.
    const tried = await call("POST", `/v1/runs/${slower}/evaluate`, {
      body: { criteria: criteria("max < baseline * 1.3", "max(/none) < baseline") },
    });
    expect([tried.status, tried.json]).toMatchObject([
      200,
      {
        verdict: "inconclusive",
        criteria: [
          { verdict: "passed", limit: 13, baseline: { value: 10 } },
          { verdict: "inconclusive", reason: { code: "no_baseline" } },
        ],
      },
    ]);
    // With other settings nothing is left to compare with.
    const none = await call("POST", `/v1/runs/${other}/evaluate`, {
      body: { criteria: criteria("max < baseline") },
    });
    expect(none.json.criteria[0].reason.message).toBe(
      "None of the 3 newest earlier runs can be compared: 3 with 1 user instead of 7.",
    );
    expect((await call("GET", `/v1/runs/${slower}/verdict`)).json).toEqual(frozen);
  });
});

test("choosing a run needs the role editor", async () => {
  const stores = storesForTests();
  const token = "runner-of-acme";
  const { app, call } = testApp(
    (config) => {
      const { security, ...others } = withTokens(config);
      const runner = { name: "runner", token, role: "runner" as const, accountId: "acme" };
      return { ...others, security: { ...security, apiTokens: [...security.apiTokens, runner] } };
    },
    undefined,
    undefined,
    stores,
  );
  const made = await call("POST", "/v1/load-tests", { body: LOAD_TEST, token: TOKENS.admin });
  const body = { baseline: { kind: "rolling" } };
  const refused = await call("PATCH", `/v1/load-tests/${made.json.id}`, { body, token });
  expect([refused.status, refused.json.detail]).toEqual([
    403,
    expect.stringContaining("loadTests.write"),
  ]);
  await app.close();
});
