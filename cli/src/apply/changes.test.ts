import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import { expect, test } from "vitest";
import { compared } from "./changes.ts";

/** The fields of a load test that are compared. */
const known = (fields: object) => fields as LoadTestAnswer;

test("only what the file names is compared, and a field that null clears is not set", () => {
  const stored = known({ defaultUsers: 10, description: "by hand", tags: ["a"], workers: 2 });
  expect(compared(stored, { defaultUsers: 10, locustClusterId: null })).toEqual({
    changes: [],
    notCompared: [],
    patch: {},
  });
  expect(compared(stored, { defaultUsers: 20, tags: ["a"], workers: null })).toEqual({
    changes: [
      { field: "defaultUsers", before: 10, after: 20 },
      { field: "workers", before: 2, after: undefined },
    ],
    notCompared: [],
    patch: { defaultUsers: 20, workers: null },
  });
});

test("criteria change one by one, by the ids that the server gives them", () => {
  const p95 = { expression: "p95 < 300 ms", severity: "fail" } as const;
  const rps = { expression: "rps > 1", severity: "warn" } as const;
  const stored = known({
    criteria: [
      { id: "c1", ...p95 },
      { id: "c2", ...rps },
    ],
  });
  expect(compared(stored, { criteria: [p95, rps] }).changes).toEqual([]);
  const faster = { ...p95, expression: "p95 < 200 ms" };
  expect(compared(stored, { criteria: [faster] }).changes).toEqual([
    { field: "criteria.c1", before: p95, after: faster },
    { field: "criteria.c2", before: rps, after: undefined },
  ]);
  const turned = [
    { id: "c2", ...rps },
    { id: "c1", ...p95 },
  ];
  expect(compared(stored, { criteria: turned }).changes).toEqual([
    { field: "criteria", before: stored.criteria, after: turned },
  ]);
  expect(compared(known({}), { criteria: [] }).patch).toEqual({ criteria: [] });
});

test("values of variables are never told; those that are stored are sent, as the server compares them", () => {
  const stored = known({ environment: { KEY: "***", OLD: "***" } });
  const settings = { environment: { KEY: "a-long-secret", NEW: "another-secret" } };
  expect(compared(stored, settings)).toEqual({
    changes: [
      { field: "environment.OLD", before: "***", after: undefined },
      { field: "environment.NEW", before: undefined, after: "***" },
    ],
    notCompared: ["environment.KEY"],
    patch: settings,
  });
  const same = { environment: { KEY: "***", OLD: "b" } };
  expect(compared(stored, same)).toEqual({
    changes: [],
    notCompared: ["environment.OLD"],
    patch: same,
  });
  const kept = { environment: { KEY: "***", OLD: "***" } };
  expect(compared(stored, kept)).toEqual({ changes: [], notCompared: [], patch: {} });
});

test("a value of an option is told where the server shows the one that it has", () => {
  const stored = known({ scriptOptions: { basket: 2, key: "***" } });
  const settings = { scriptOptions: { basket: 3, key: "a-long-secret", other: "b-secret" } };
  expect(compared(stored, settings)).toMatchObject({
    changes: [
      { field: "scriptOptions.basket", before: 2, after: 3 },
      { field: "scriptOptions.other", before: undefined, after: "***" },
    ],
    notCompared: ["scriptOptions.key"],
  });
  expect(JSON.stringify(compared(undefined, settings).changes)).not.toContain("secret");
});
