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
    "Failed: p95 was 412 ms, its limit is 300 ms, and 1 more.",
  );
  const reason = { code: "few_values" as const, message: "12 requests are too few." };
  expect(sentenceOf("inconclusive", [criterion({ verdict: "inconclusive", reason })])).toBe(
    "Inconclusive: 12 requests are too few.",
  );
});

test("what failed is said with its endpoint and limit, never as if it were the limit", () => {
  const said = (expression: string, more: Partial<CriterionVerdict>): string =>
    sentenceOf("failed", [criterion({ verdict: "failed", expression, ...more })]);
  expect(said("p95(POST /checkout) < 500 ms over steady", { observed: 612, limit: 500 })).toBe(
    "Failed: p95 of POST /checkout was 612 ms, its limit is 500 ms.",
  );
  expect(said("p95 < 500 ms", { observed: 500.2, limit: 500 })).toBe(
    "Failed: p95 was 500.2 ms, its limit is 500 ms.",
  );
  expect(said("rps >= 400 in every 30 s", { observed: 80, limit: 400, unit: "/s" })).toBe(
    "Failed: the request rate was 80.0 /s in its worst 30 s, it must be at least 400 /s.",
  );
  expect(said("errorRate <= baseline * 1.5", { observed: 2, limit: 1.5, unit: "%" })).toBe(
    "Failed: the error rate was 2.00 %, its limit is 1.5 %.",
  );
  expect(said("failures = 0", { observed: 7, limit: 0, unit: "" })).toBe(
    "Failed: the number of failures was 7, it must be 0.",
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
