import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import { expect, test } from "vitest";
import { inOrder, liveSentence, noteOf, observedText, sentenceOf } from "./verdict-rows.ts";

const criterion = (more: Partial<CriterionVerdict>): CriterionVerdict => ({
  id: "a",
  expression: "p95 < 300 ms",
  severity: "fail",
  verdict: "passed",
  observed: 120,
  limit: 300,
  unit: "ms",
  requests: 1000,
  ...more,
});

test("figures have the unit of their criterion", () => {
  expect(observedText({ unit: "ms", observed: 1234 })).toBe("1.23 s");
  expect(observedText({ unit: "%", observed: 0.5 })).toBe("0.50 %");
  expect(observedText({ unit: "/s", observed: 12.34 })).toBe("12.3 /s");
  expect(observedText({ unit: "", observed: 3 })).toBe("3");
  expect(observedText({ unit: "ms", observed: null })).toBe("–");
});

test("what failed comes first, and what only warns after what decides", () => {
  const list = [
    criterion({ id: "passed" }),
    criterion({ id: "warned", verdict: "failed", severity: "warn" }),
    criterion({ id: "unclear", verdict: "inconclusive" }),
    criterion({ id: "failed", verdict: "failed" }),
  ];
  expect(inOrder(list).map(({ id }) => id)).toEqual(["failed", "warned", "unclear", "passed"]);
});

test("the sentence names the worst, and how many more there are", () => {
  const failed = criterion({ verdict: "failed", observed: 412 });
  expect(sentenceOf("passed", [criterion({}), criterion({})])).toBe("Passed: all 2 criteria hold.");
  expect(sentenceOf("passed", [criterion({ severity: "warn" })])).toBe(
    "Passed: no criterion of severity fail.",
  );
  expect(sentenceOf("failed", [criterion({}), failed, failed])).toBe(
    "Failed: p95 < 300 ms does not hold, it was 412 ms, and 1 more.",
  );
  const reason = { code: "few_values" as const, message: "12 requests are too few." };
  expect(sentenceOf("inconclusive", [criterion({ verdict: "inconclusive", reason })])).toBe(
    "Inconclusive: 12 requests are too few.",
  );
});

test("a note has the reason, the first violation and whether it was close", () => {
  const firstViolation = { from: 72_000, to: 73_000, observed: 500, requests: 30 };
  expect(noteOf(criterion({ firstViolation, close: true }), 12_000)).toBe(
    "First violated at 1:00. Close: another run may end otherwise.",
  );
});

test("while a run lasts there is no verdict", () => {
  const { verdict: _, ...live } = criterion({});
  expect(liveSentence([{ ...live, state: "holds" }])).toBe("Nothing is violated so far");
  expect(liveSentence([{ ...live, state: "violated" }])).toBe("One criterion is violated");
});
