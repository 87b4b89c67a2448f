import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { CreateRun } from "@load-manager/contract/api/run.ts";
import { expect, test } from "vitest";
import type { ClusterAdapter, ScriptOutlined } from "../../clusters/port.ts";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import { freshScope, loadTestOf, revisionOf, TESTER } from "../../stores/testing/fixtures.ts";
import { createTestRun } from "./create.ts";

const FOUND: ScriptOutlined = {
  problems: [],
  found: {
    locustVersion: "2.47.0",
    userClasses: [{ name: "Reader", weight: 1, fixedCount: 0, tasks: [] }],
    shapeClasses: [],
    options: [],
    tags: ["quick"],
    locustOptions: [],
  },
};
const PROBLEM = { file: "locustfile.py", line: 7, message: "TypeError: no" };

/** Creates a run; answers the fields of its refusal, or what is said of them, and how often the script was imported. */
const create = async (
  body: Partial<CreateRun>,
  ofLoadTest: Partial<LoadTest> = {},
  outlined: ScriptOutlined = FOUND,
  said: "field" | "message" = "field",
) => {
  const stores = createMemoryStores();
  const scope = freshScope();
  const loadTest = loadTestOf({ ...scope, ...ofLoadTest });
  const revision = revisionOf({ loadTestId: loadTest.id });
  const config = { id: "here", kind: "local", workers: 1, scope, maxConcurrentRuns: 1 } as const;
  const clusters = new Map([["here", { config } as unknown as ClusterAdapter]]);
  let imports = 0;
  const fields = await createTestRun(
    {
      writer: { create: async () => {} } as never,
      events: stores.events,
      loadTests: { nextRunNumber: async () => 1 },
      revisions: { get: async () => revision, files: async () => new Map() },
      clusters: { get: (id: string) => clusters.get(id), values: () => clusters.values() } as never,
      outline: async () => {
        imports += 1;
        return outlined;
      },
      clock: { now: () => 1000 },
      limits: { maxDurationSeconds: 60 },
    },
    { ...loadTest, latestRevisionId: revision.id },
    { tags: [], ...body },
    TESTER,
    "run",
  ).then(
    () => [],
    (error: { fields?: { field: string; message: string }[] }) =>
      error.fields?.map((fault) => fault[said]) ?? [error],
  );
  return { fields, imports };
};

test("only a run whose settings concern its script imports it", async () => {
  expect(await create({ targetUsers: 3, userClasses: [] })).toEqual({ fields: [], imports: 0 });
  expect(await create({ includeTags: ["quick"] })).toEqual({ fields: [], imports: 1 });
  expect(await create({}, { userClasses: [{ name: "Reader" }] })).toEqual({
    fields: [],
    imports: 1,
  });
});

test("what the script does not have is refused, with the field of the run or its load test", async () => {
  const script = { loadProfile: { kind: "script" as const } };
  expect((await create({ userClasses: [{ name: "Writer" }] })).fields).toEqual([
    "userClasses[0].name",
  ]);
  expect((await create({}, { excludeTags: ["a"] })).fields).toEqual(["excludeTags[0]"]);
  expect((await create(script)).fields).toEqual(["loadProfile"]);
});

test("an option is refused with what the script raised while it added its options", async () => {
  const { fields } = await create(
    { scriptOptions: { api_key: "x" } },
    {},
    { ...FOUND, problems: [PROBLEM] },
    "message",
  );
  expect(fields).toEqual([
    "is no option that the script adds; it adds none; adding its options failed: TypeError: no (locustfile.py, line 7)",
  ]);
});

test("where the import has problems, or is not known, the run is accepted", async () => {
  const body = { userClasses: [{ name: "Writer" }] };
  const ofProblems = { ...FOUND, problems: [PROBLEM] };
  expect((await create(body, {}, ofProblems)).fields).toEqual([]);
  expect((await create(body, {}, { problems: [], why: "no" })).fields).toEqual([]);
});
