import { expect, test } from "vitest";
import {
  criteriaDraftOf,
  criteriaErrors,
  criteriaHead,
  criteriaOf,
  criterionHead,
  newCriterion,
} from "./criteria-draft.ts";
import { nextSettingsOf, runSettingsOf, settingsDraftOf } from "./settings-draft.ts";

const STORED = [
  { id: "c1", expression: "p95 < 500 ms", severity: "fail" as const },
  {
    id: "c2",
    name: "Few errors",
    expression: "errorRate < 1 %",
    severity: "warn" as const,
    abort: { afterSeconds: 20 },
  },
];
const drafts = criteriaDraftOf(STORED);

test("what is stored comes back from its draft as it was; a new one has no id", () => {
  expect(criteriaOf(drafts)).toEqual(STORED);
  expect(criteriaOf([])).toBeUndefined();
  expect(criteriaOf([newCriterion(" rps > 5 ")])).toEqual([
    { expression: "rps > 5", severity: "fail" },
  ]);
});

test("a text that is no duration is an error at its field", () => {
  const wrong = [...drafts, { ...newCriterion("rps > 5"), abortAfter: "soon" }];
  expect(Object.keys(criteriaErrors(wrong))).toEqual(["criteria[2].abort.afterSeconds"]);
});

test("the next run has the criteria of the load test, not those of the last run; its own only where they differ", () => {
  const last = { criteria: [{ id: "c1", expression: "p95 < 900 ms", severity: "fail" as const }] };
  const next = settingsDraftOf(nextSettingsOf({ criteria: STORED }, last));
  expect(next.criteria).toEqual(drafts);
  expect(runSettingsOf(next, { criteria: STORED })).not.toHaveProperty("criteria");
  expect(runSettingsOf({ ...next, criteria: [] }, { criteria: STORED }).criteria).toEqual([]);
});

test("heads say what is set", () => {
  expect(drafts.map(criterionHead)).toEqual([
    "fails the run",
    "Few errors; only warns; ends the run after 20 s",
  ]);
  expect(criteriaHead(drafts, STORED, false)).toBe("2 of the load test");
  expect(criteriaHead([], STORED, true)).toBe("none for this run");
  expect(criteriaHead([], undefined, false)).toBeUndefined();
});
