import { BSON, type Document } from "mongodb";
import { describe, expect, test } from "vitest";
import type { Outcome } from "./entity.ts";
import { READ } from "../read/json.ts";
import { loadTestOf } from "./load-test.ts";
import { parseMapping } from "./mapping.ts";
import { runOf } from "./run.ts";
import { revisionOf } from "./scripts.ts";
import { readTime } from "../read/times.ts";

const CONTEXT = {
  mapping: parseMapping(
    "default: { accountId: a, orgId: o, projectId: p }\ntenants: { '': { accountId: none, orgId: o, projectId: p } }",
    "mapping.yaml",
  ),
  keepActive: false,
};
const NOBODY = { recentRuns: [], count: 0, lastRunAt: undefined };
const MS = 1_703_232_000_123;
/** As the driver gives it. */
const read = (document: Document): Document => BSON.deserialize(BSON.serialize(document), READ);
const ok = <T>(outcome: Outcome<T>): { value: T; repaired: readonly string[] } => {
  if (!outcome.ok) throw new Error(outcome.reasons.join("; "));
  return outcome;
};
const loadTest = (more: Document) =>
  ok(
    loadTestOf(
      read({ _id: "l", tenantId: "t", name: "L", createdAt: MS, ...more }),
      CONTEXT,
      NOBODY,
    ),
  ).value.loadTest;
const run = (more: Document) =>
  ok(runOf(read({ _id: "r", tenantId: "t", status: "Finished", createdAt: MS, ...more }), CONTEXT))
    .value;
describe("times", () => {
  test.each([
    [new Date(MS), MS],
    ["2023-12-22T08:00:00.123Z", MS],
    ["2023-12-22T08:00:00.123456789Z", MS],
    ["2023-12-22T10:00:00.123+02:00", MS],
    ["2023-12-22 08:00:00.123 +0000 UTC", MS],
    [BSON.Long.fromNumber(MS), MS],
    [new BSON.Double(MS), MS],
    [new BSON.Double(MS / 1000), MS],
    [new BSON.Int32(1_703_232_000), 1_703_232_000_000],
    [BSON.Long.fromNumber(1_703_232_000), 1_703_232_000_000],
    ["1703232000", 1_703_232_000_000],
    [new BSON.Timestamp({ t: 1_703_232_000, i: 1 }), 1_703_232_000_000],
    [BSON.Decimal128.fromString("1703232000123"), MS],
  ])("%j is a time", (value, ms) => {
    expect(readTime(read({ value })["value"])).toEqual({ kind: "time", ms });
  });

  test.each([
    null,
    "",
    0,
    new Date(0),
    new Date(-62_135_596_800_000),
    "0001-01-01T00:00:00Z",
    BSON.Long.fromNumber(-62_135_596_800),
  ])("%j was never set", (value) => {
    expect(readTime(read({ value })["value"])).toEqual({ kind: "none" });
  });

  test.each([
    "soon",
    Number.NaN,
    -5,
    12,
    new Date(86_400_000),
    true,
    {},
    [1],
    new Date(8e15),
    "2023-13-01",
  ])("%j is not a plausible time", (value) => {
    expect(readTime(read({ value })["value"])).toEqual({ kind: "wrong" });
  });
});

describe("fields", () => {
  test("camelCase wins over lower case; the other value is kept", () => {
    const converted = loadTest({
      targetUrl: "https://a",
      targeturl: "https://b",
      DESCRIPTION: "d",
    });
    expect(converted).toMatchObject({
      targetUrl: "https://a",
      description: "d",
      metadata: { legacy: { targeturl: "https://b", tenantId: "t" } },
    });
  });

  test("null, missing and empty are distinguished", () => {
    const of = (description: unknown, metadata: unknown) => {
      const converted = loadTest({
        description,
        metadata,
        targetUrl: null,
        targeturl: "https://b",
      });
      return [converted.description, converted.metadata, converted.targetUrl];
    };
    const legacy = { tenantId: "t" };
    const migration = expect.anything();
    expect(of(null, null)).toEqual([undefined, { legacy, migration }, "https://b"]);
    expect(of("", {})).toEqual(["", { legacy, migration }, "https://b"]);
  });

  test("texts of users are never renamed, nor read as fields of the program", () => {
    const users = {
      "a.b": { $set: 1, " ": "x", createdat: "mine", tenantId: "theirs" },
      $where: [1, { requeststats: {} }],
      legacy: "mine too",
      ["k".repeat(201)]: 5,
    };
    const { metadata } = run({ metadata: users, Squad: "blue", big: 2n ** 60n }).run;
    expect(metadata).toMatchObject({
      "a.b": users["a.b"],
      $where: users.$where,
      legacy: "mine too",
      legacy_: {
        Squad: "blue",
        big: { $numberLong: "1152921504606846976" },
        metadata: { ["k".repeat(201)]: 5 },
      },
    });
  });

  test("an empty scope is mapped, a complete one is kept, and older values go to the leftovers", () => {
    const empty = { tenantId: undefined, accountId: "", orgId: "", projectId: "" };
    expect(run(empty).run).toMatchObject({ accountId: "none" });
    const whole = { accountId: "x", orgId: "y", projectId: "z", envId: "" };
    expect(run(whole).run).toMatchObject({
      accountId: "x",
      metadata: { legacy: { tenantId: "t" } },
    });
    const partly = run({ accountId: "x", projectId: "old", envId: "prod" }).run;
    expect(partly).toMatchObject({
      accountId: "a",
      projectId: "p",
      envId: "prod",
      metadata: { legacy: { tenantId: "t", accountId: "x", projectId: "old" } },
    });
    const spaced = run({ envId: "my env/1" }).run;
    expect(spaced).toMatchObject({
      envId: "my-env-1",
      metadata: {
        legacy: { envId: "my env/1" },
        migration: { repaired: expect.arrayContaining(["scope_name"]) },
      },
    });
  });

  test.each([
    [{ _id: new BSON.ObjectId("6585420a0201000000000001") }, "6585420a0201000000000001"],
    [{ _id: "x", id: "own" }, "own"],
    [{ _id: "x", id: "" }, "x"],
    [{ _id: "x", id: 42 }, "42"],
    [{ _id: "x", id: { not: "one" } }, "x"],
  ])("the id of %j", (ids, id) => {
    expect(run(ids).run.id).toBe(id);
  });

  test("a missing time is the ObjectId's, and a repair", () => {
    const converted = run({
      _id: new BSON.ObjectId("6585420a0201000000000001"),
      createdAt: new Date(0),
    }).run;
    expect(converted.createdAt).toBe(0x6585420a * 1000);
    expect(converted.metadata).toMatchObject({
      migration: { repaired: expect.arrayContaining(["time_of_id"]) },
    });
  });

  test("a load test without a name gets one; what was repaired names the field", () => {
    const of = (more: Document) => {
      const document = read({
        _id: "l",
        tenantId: "t",
        name: "L",
        id: "l",
        createdAt: MS,
        ...more,
      });
      const { value, repaired } = ok(loadTestOf(document, CONTEXT, NOBODY));
      return [value.loadTest, repaired] as const;
    };
    expect(of({ name: "" })).toMatchObject([{ name: "Load test l" }, ["default_value: name"]]);
    const [named, repaired] = of({
      name: 5,
      defaultUsers: -1,
      tags: ["a", "a", ""],
      createdBy: " ",
      updatedAt: "soon",
    });
    expect(named).toMatchObject({ name: "Load test l", defaultUsers: 1, createdBy: "unknown" });
    expect(repaired).toEqual([
      "default_value: createdBy",
      "default_value: defaultUsers",
      "default_value: name",
      "implausible_time: updatedAt",
      "tags",
    ]);
    // What no older program wrote is no repair.
    expect(of({})).toMatchObject([{ defaultUsers: 1, createdBy: "unknown" }, []]);
  });

  test.each([
    [{ createdAt: "soon" }, /no known time/],
    [{ _id: 1.5 }, /no usable id/],
  ])("%j is left", (more, reason) => {
    const document = read({ _id: "l", tenantId: "t", name: "L", createdAt: MS, ...more });
    expect(loadTestOf(document, CONTEXT, NOBODY)).toEqual({
      ok: false,
      reasons: [expect.stringMatching(reason)],
    });
  });
});

describe("runs", () => {
  test.each(["Running", "stopping", "PENDING"])(
    "a run that is %s without an end has failed",
    (status) => {
      const { run: converted } = run({
        status,
        updatedAt: MS + 5000,
        finishedAt: new Date(-62_135_596_800_000),
      });
      expect(converted).toMatchObject({
        status: "Failed",
        endCause: "failed",
        finishedAt: MS + 5000,
        settledAt: MS + 5000,
        statusReason: { code: "lost_before_migration" },
      });
      const kept = runOf(read({ _id: "r", status, createdAt: MS }), {
        ...CONTEXT,
        keepActive: true,
      });
      expect(ok(kept).value.run.settledAt).toBeUndefined();
    },
  );

  test("invented stats are unknown, measured ones are kept", () => {
    const lastmetrics = {
      totalrequests: new BSON.Double(100),
      totalfailures: 5n,
      averageresponsems: 12.5,
      avgresponsems: 0,
      p50responsems: 40,
      p95responsems: 60,
      p99responsems: 80,
      requeststats: {
        "GET /x.y?$a=1": {
          method: "GET /x.y?$a=1",
          name: "GET",
          numrequests: 100,
          minresponsetime: 0,
          maxresponsetime: 0,
          medianresponsetime: 10,
          p95responsetime: 14,
          p99responsetime: 20,
        },
        " Aggregated": { method: "", name: "Aggregated", numrequests: 100 },
      },
    };
    const { run: converted, live } = run({ lastmetrics, startedAt: MS, finishedAt: MS + 10_000 });
    expect(converted.summary).toMatchObject({
      totalRequests: 100,
      requestsPerSec: 10,
      errorRate: 5,
      avgResponseMs: 12.5,
      minResponseMs: null,
      p50ResponseMs: 40,
      p95ResponseMs: null,
      p99ResponseMs: null,
      complete: false,
    });
    expect(live?.requestStats).toEqual({
      "GET /x.y?$a=1": expect.objectContaining({
        method: "GET",
        name: "/x.y?$a=1",
        minResponseTime: null,
        // One of them is not an invented multiple, so both were measured.
        p95ResponseTime: 14,
        p99ResponseTime: 20,
      }),
    });
    expect(converted.metadata).toMatchObject({
      migration: {
        repaired: [
          "aggregated_endpoint",
          "id_of_document",
          "invented_percentiles",
          "swapped_method",
          "zero_values: avgResponseMs",
          "zero_values: maxResponseTime",
          "zero_values: minResponseTime",
        ],
      },
    });
  });

  test("an attempt, which runs no longer have, goes to metadata.legacy", () => {
    for (const attempt of [{ attempt: new BSON.Int32(1) }, { Attempt: 1n }]) {
      const { run: converted } = run(attempt);
      expect(converted).not.toHaveProperty("attempt");
      expect(converted.metadata).toMatchObject({ legacy: { [Object.keys(attempt)[0] ?? ""]: 1 } });
    }
  });

  test("an external run has no load test; numbers beyond 2^53 are kept among the leftovers", () => {
    const { run: converted } = run({
      loadTestId: "",
      targetUsers: 2n ** 60n,
      spawnRate: Number.NaN,
    });
    expect(converted).toMatchObject({
      trigger: "external",
      name: `External ${new Date(MS).toISOString()}`,
    });
    expect(converted.targetUsers).toBeUndefined();
    expect(converted.metadata).toMatchObject({
      legacy: {
        targetUsers: { $numberLong: String(2n ** 60n) },
        spawnRate: { $numberDouble: "NaN" },
      },
    });
  });
});

describe("scripts", () => {
  const text = "from locust import HttpUser\n";
  const base64 = Buffer.from(text).toString("base64");
  test.each([
    [{ scriptContent: base64 }, text, undefined],
    [{ scriptcontent: base64 }, text, undefined],
    [{ locustfile: text }, text, undefined],
    [{ scriptContent: "class A: pass" }, "class A: pass", "script_encoding"],
    [{ scriptContent: Buffer.from([0xff, 0xfe]).toString("base64") }, "//4=", "script_encoding"],
  ])("%j", (more, content, repair) => {
    const { value: converted, repaired } = ok(
      revisionOf(read({ _id: "v", loadTestId: "l", createdAt: MS, revisionNumber: 2, ...more })),
    );
    expect(Buffer.from(converted.script ?? []).toString()).toBe(content);
    expect(converted.revision).toMatchObject({ revisionNumber: 2, entrypoint: "locustfile.py" });
    expect(repaired.find((name) => name === "script_encoding")).toBe(repair);
  });
});
