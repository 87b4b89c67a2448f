import { expect, test } from "vitest";
import {
  changedFields,
  creationErrors,
  creationOf,
  draftOf,
  patchErrors,
  patchOf,
} from "../load-tests/load-test-draft.ts";
import { UNREADABLE } from "../../format/typed.ts";
import { mergeDrafts } from "./settings-merge.ts";

const before = draftOf({
  name: "Checkout",
  targetUrl: "https://shop.example",
  defaultUsers: 240,
  defaultDurationSec: 600,
  maxDurationSec: 3600,
});

test("a patch has what was changed, and null for what was cleared", () => {
  const draft = { ...before, defaultUsers: "300", maxDurationSec: "", failedPercent: "50" };
  expect(patchOf(before, draft)).toEqual({
    defaultUsers: 300,
    maxDurationSec: null,
    autoStop: { enabled: true, failedPercent: 50, windowSeconds: 60, minRequests: 100 },
  });
  expect(patchErrors(before, draft)).toEqual({});
});

test("the baseline is nothing, earlier runs, or one run", () => {
  const rolling = { ...before, baseline: "rolling" as const };
  expect(patchOf(before, rolling)).toEqual({ baseline: { kind: "rolling", runs: 8 } });
  expect(patchOf(rolling, before)).toEqual({ baseline: null });
  const run = { ...before, baseline: "run" as const, baselineRunId: "a" };
  expect(patchOf(rolling, run)).toEqual({ baseline: { kind: "run", runId: "a" } });
  expect(patchErrors(before, { ...rolling, baselineRuns: "21" })).toEqual({
    "baseline.runs": "must be at most 20",
  });
  expect(Object.keys(patchErrors(before, { ...run, baselineRunId: "" }))).toEqual([
    "baseline.runId",
  ]);
  expect(draftOf({ baseline: { kind: "rolling", runs: 3 } })).toMatchObject({
    baseline: "rolling",
    baselineRuns: "3",
  });
});

test("the same value typed in another way is no change", () => {
  expect(patchOf(before, { ...before, defaultDurationSec: "600 s" })).toEqual({});
});

test.each([
  [{ defaultUsers: "0" }, "defaultUsers", "must be a whole number of at least 1"],
  [{ defaultUsers: "" }, "defaultUsers", "must be a whole number of at least 1"],
  [{ defaultUsers: "many" }, "defaultUsers", "must be a whole number of at least 1"],
  [{ defaultDurationSec: "soon" }, "defaultDurationSec", UNREADABLE],
  [{ defaultDurationSec: "2 h" }, "defaultDurationSec", "must be at most the longest duration"],
  [{ name: "  " }, "name", "must not be empty"],
  [{ windowSeconds: "1 s" }, "autoStop.windowSeconds", "must be a whole number of at least 5"],
])("%o is refused at its field", (changed, field, message) => {
  expect(patchErrors(before, { ...before, ...changed })[field]).toBe(message);
});

test("a new load test names its scope; what is left empty is left out", () => {
  const scope = { accountId: "acme", orgId: "web", projectId: "shop" };
  const draft = { ...before, maxDurationSec: "" };
  expect(creationOf(scope, draft, "")).toMatchObject({ ...scope, name: "Checkout" });
  expect(creationOf(scope, draft, "")).not.toHaveProperty("maxDurationSec");
  expect(creationOf(scope, draft, "")).not.toHaveProperty("locustfile");
  expect(creationErrors(scope, draft, "")).toEqual({});
  expect(creationErrors({ ...scope, accountId: "a/b" }, draft, "")).toEqual({
    accountId: "must not contain spaces or slashes",
  });
});

test("what both changed stays mine, and what only they changed becomes theirs", () => {
  const mine = { ...before, name: "Mine", defaultUsers: "300" };
  const theirs = { ...before, name: "Theirs", defaultSpawnRate: "5" };
  const merged = mergeDrafts(before, mine, theirs);
  expect(merged).toEqual({ ...theirs, name: "Mine", defaultUsers: "300" });
  expect(changedFields(theirs, merged)).toEqual(["name", "defaultUsers"]);
});
