import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import { expect, test } from "vitest";
import {
  beyondOf,
  chartOf,
  colouredSide,
  endpointsOf,
  expressionOf,
  fieldOf,
  limitsOf,
  searchOfWindow,
  shownCriterion,
  spanOf,
  stretchFrom,
  violationOf,
} from "./criterion-place.ts";
import type { RunView } from "./view.ts";

const START = 1_700_000_000_000;
const view = {
  run: { loadStartedAt: START, phases: [{ kind: "steady", from: START + 20_000 }] },
  loadStartMs: START,
  loadSeconds: 100,
  endpoints: [],
} as unknown as RunView;
const read = (expression: string) => {
  const found = expressionOf({ expression });
  if (found === undefined) throw new Error(`${expression} has a fault`);
  return found;
};
const KNOWN = [
  { method: "GET", name: "/products" },
  { method: "GET", name: "/products/1" },
  { method: "POST", name: "/checkout" },
];
const judged = (expression: string, more: Partial<CriterionVerdict> = {}): CriterionVerdict => ({
  id: expression,
  expression,
  severity: "fail",
  verdict: "failed",
  observed: 612,
  limit: 500,
  unit: "ms",
  requests: 1000,
  ...more,
});

test.each([
  ["p99.9 < 5 ms", "time", "p99.9ResponseMs"],
  ["avg < 5 ms", "time", "avgResponseMs"],
  ["errorRate < 5 %", "errorRate", "errorRate"],
  ["rps > 5", "rps", "totalRps"],
  ["users >= 5", "users", "currentUsers"],
  ["workerCpu < 80 %", "workerCpu", undefined],
  ["exceptions = 0", undefined, undefined],
])("%s is drawn in %s, from the field %s", (expression, chart, field) => {
  expect(chartOf(read(expression))).toBe(chart);
  expect(fieldOf(read(expression))).toBe(field);
});

test("windows are parts of the load, and of the address", () => {
  const of = (expression: string) => {
    const { window } = read(expression);
    return [spanOf(window, view), searchOfWindow(window, view)];
  };
  const whole = { from: 0, to: 100 };
  expect(of("p95 < 5 ms")).toEqual([whole, {}]);
  expect(of("p95 < 5 ms in every 30 s")).toEqual([whole, {}]);
  expect(of("p95 < 5 ms over steady")).toEqual([{ from: 20, to: 100 }, { window: "steady" }]);
  expect(of("p95 < 5 ms over last 60 s")).toEqual([
    { from: 40, to: 100 },
    { from: 40_000, to: 100_000 },
  ]);
  expect(of("p95 < 5 ms over 10 s .. 2 min")[1]).toEqual({ from: 10_000, to: 120_000 });
});

test("a window that the load has not come to is no part of it, and has no limit", () => {
  const at = (loadSeconds: number, phases: readonly object[] = []) =>
    ({ ...view, loadSeconds, run: { loadStartedAt: START, phases } }) as unknown as RunView;
  const spanAt = (seconds: number, expression: string) =>
    spanOf(read(expression).window, at(seconds));
  expect(spanAt(15, "p95 < 5 ms over steady")).toBeUndefined();
  expect(spanAt(29, "p95 < 5 ms in every 30 s")).toBeUndefined();
  expect(spanAt(30, "p95 < 5 ms in every 30 s")).toEqual({ from: 0, to: 30 });
  expect(spanAt(59, "p95 < 5 ms over last 60 s")).toBeUndefined();
  expect(spanAt(9, "p95 < 5 ms over 10 s .. 2 min")).toBeUndefined();
  expect(spanAt(10, "p95 < 5 ms over 10 s .. 2 min")).toEqual({ from: 10, to: 120 });
  const criteria = [judged("p95 < 500 ms over steady")];
  expect(limitsOf("time", criteria, at(15), KNOWN)).toEqual([]);
  const steady = [{ kind: "steady", from: START + 15_000 }];
  expect(limitsOf("time", criteria, at(16, steady), KNOWN)).toMatchObject([
    { span: { from: 15, to: 16 } },
  ]);
});

test("a limit is drawn where its chart shows its endpoints, and nowhere else", () => {
  const criteria = [
    judged("rps >= 9", { verdict: "passed", limit: 9, unit: "/s" }),
    judged("p95 < 900 ms", { verdict: "passed", limit: 900 }),
    judged("p95 < 500 ms over steady"),
    judged("p95(POST /checkout) < 500 ms"),
    judged("p99 < baseline", { limit: null }),
    // Nothing has this name, which is not the same as everything.
    judged("p95(GET /login) < 5 ms"),
  ];
  const ofAll = limitsOf("time", criteria, view, KNOWN);
  // What is violated comes first.
  expect(ofAll.map(({ label }) => label)).toEqual(["p95 < 500 ms", "p95 < 900 ms"]);
  expect(ofAll[0]).toMatchObject({
    value: 500,
    series: "p95",
    beyond: "above",
    span: { from: 20, to: 100 },
  });
  const one = { ...view, endpoints: ["POST /checkout"] };
  expect(limitsOf("time", criteria, one, KNOWN)).toHaveLength(1);
  expect(limitsOf("rps", criteria, one, KNOWN)).toEqual([]);
  expect(limitsOf("rps", criteria, view, KNOWN)).toMatchObject([
    { series: "Requests/s", beyond: "below" },
  ]);
  expect(endpointsOf(read("p95(GET /products*) < 5 ms"), KNOWN)).toHaveLength(2);
  expect(beyondOf("=")).toBeUndefined();
  expect(colouredSide(read("users >= 5"))).toBeUndefined();
  expect(colouredSide(read("users <= 5"))).toBe("above");
});

test("a violated stretch lasts as long as the points beyond the limit; what holds, and a gap, ends it", () => {
  const line = (...values: (number | null)[]) => ({ times: [0, 10, 20, 30, 40], step: 10, values });
  const isBeyond = (value: number): boolean => value > 5;
  const from10 = { from: 10, to: 20 };
  expect(stretchFrom(line(1, 9, 9, 9, 1), from10, isBeyond)).toEqual({ from: 10, to: 40 });
  expect(stretchFrom(line(1, 9, 9, null, 9), from10, isBeyond)).toEqual({ from: 10, to: 30 });
  expect(stretchFrom(line(1, 9, 1, 9, 9), from10, isBeyond)).toEqual(from10);
});

test("the first violation and the worst window are said with their limit and figure", () => {
  const line = { times: [0, 50], step: 50, values: [300, 612] };
  const window = { from: START + 50_000, to: START + 80_000, observed: 700, requests: 50 };
  const one = judged("p95 < 500 ms in every 30 s", {
    firstViolation: window,
    worstWindow: window,
  });
  expect(violationOf(one, line, view)).toEqual({
    first: { from: 50, to: 100, label: "over 500 ms from 0:50" },
    worst: { from: 50, to: 80, label: "worst 30 s: 700 ms" },
  });
  expect(violationOf({ ...one, verdict: "passed" }, line, view)).toBeUndefined();
});

test("a violation that lasts does not begin before its window", () => {
  const { verdict: _, ...others } = judged("p95 < 500 ms over steady");
  const live = { ...others, state: "violated" as const, violatedSince: START + 19_000 };
  const line = { times: [0], step: 50, values: [612] };
  expect(violationOf(live, line, view)).toEqual({
    first: { from: 20, to: 100, label: "over 500 ms from 0:20" },
  });
});

test("the chosen criterion is shown, else the first that is violated; counts have no chart", () => {
  const criteria = [
    judged("exceptions = 0", { limit: 0, unit: "" }),
    judged("p95 < 900 ms", { verdict: "passed" }),
    judged("p99 < 500 ms"),
  ];
  expect(shownCriterion(criteria, undefined, false)?.id).toBe("p99 < 500 ms");
  expect(shownCriterion(criteria, "p95 < 900 ms", false)?.id).toBe("p95 < 900 ms");
  expect(shownCriterion(criteria.slice(0, 2), undefined, false)).toBeUndefined();
  expect(shownCriterion(criteria.slice(0, 2), undefined, true)?.id).toBe("p95 < 900 ms");
});
