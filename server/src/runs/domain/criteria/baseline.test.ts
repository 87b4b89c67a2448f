import { describe, expect, test } from "vitest";
import {
  baselineValue,
  isCloseToLimit,
  limitOfBaseline,
  noisePercent,
  studentTwoSided,
} from "./baseline.ts";

const figures = (...values: number[]) => values.map((value) => ({ value, error: 0 }));

describe("Student's distribution", () => {
  // From printed tables, which have three decimals.
  test.each([
    [1, 12.706],
    [2, 4.303],
    [8, 2.306],
    [15, 2.131],
    [27, 2.052],
  ])("with %i degrees of freedom has 5 %% beyond %d", (degrees, t) => {
    expect(studentTwoSided(t, degrees)).toBeCloseTo(0.05, 4);
    expect(studentTwoSided(-t, degrees)).toBe(studentTwoSided(t, degrees));
    expect(studentTwoSided(0, degrees)).toBeCloseTo(1, 12);
  });
});

describe("the figure of a baseline", () => {
  test("is the geometric mean, and the arithmetic one of what may be 0", () => {
    expect(baselineValue("p95", figures(100, 121))).toBeCloseTo(110, 9);
    expect(baselineValue("rps", figures(100, 121))).toBeCloseTo(110, 9);
    expect(baselineValue("errorRate", figures(0, 3))).toBe(1.5);
    expect(baselineValue("failures", figures(0, 0))).toBe(0);
    expect(baselineValue("exceptions", figures(2, 4, 9))).toBe(5);
  });

  test("of equal figures is that figure, and its multiples have no tail", () => {
    for (const value of [5, 20, 0.1, 12.1]) {
      expect(baselineValue("users", figures(value))).toBe(value);
      expect(baselineValue("users", figures(value, value, value))).toBe(value);
    }
    expect(limitOfBaseline(10, 1.1)).toBe(11);
  });

  test.each<[string, readonly number[], number]>([
    // Assumed: 2 %.
    ["none", [], 2],
    ["one", [100], 2],
    // sqrt((8 · 0.02² + ln(1.21)² / 2) / 9)
    ["two", [100, 121], 4.8727],
    // sqrt(8 · 0.02² / (8 + 3))
    ["four without any", [50, 50, 50, 50], 1.7056],
  ])("has the noise of its runs: %s", (_, values, percent) => {
    expect(noisePercent(figures(...values))).toBeCloseTo(percent, 3);
  });

  test("has no noise that the runs' own errors explain", () => {
    const own = [100, 100, 100].map((value) => ({ value, error: 0.1 }));
    // (8 · (0.0004 + 0.01) + 0) / 10 = 0.00832, of which 0.01 is within the runs.
    expect(noisePercent(own)).toBe(0);
  });
});

describe("a limit is close", () => {
  const one = figures(100);
  const base = { metric: "p99", factor: 1.1, runs: one, noise: one } as const;
  const isClose = (value: number, error = 0, comparison = {}) =>
    isCloseToLimit({ ...base, ...comparison }, { value, error });

  test("to one run within t(0.975, 8) · sqrt(0.02² · 2) = 6.52 % of 110", () => {
    expect([103, 103.1, 110, 117.4, 117.5].map((value) => isClose(value))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ]);
  });

  test("from further where the run's own figure is uncertain", () => {
    // t · sqrt(0.0008 + 0.05²) = 0.13247
    expect([96.3, 96.4].map((value) => isClose(value, 0.05))).toEqual([false, true]);
  });

  test("by the noise of other runs, where the baseline is one run", () => {
    // v = (0.0032 + ln(1.21)² / 2) / 9 = 0.0023742, t(0.975, 9) = 2.2622: 0.15589 with 1 + 1/1
    const noise = figures(100, 121);
    expect([94.1, 94.2, 128.5, 128.6].map((value) => isClose(value, 0, { noise }))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("of what may be 0 only where three runs show how it varies", () => {
    const rates = figures(1, 2, 3);
    const of = (value: number, noise = rates) =>
      isClose(value, 0, { metric: "errorRate", runs: noise, noise });
    // 2.2 ± t(0.975, 2) · sqrt(1 + 1.21 / 3) = 2.2 ± 5.0971
    expect([of(7.29), of(7.31)]).toEqual([true, false]);
    expect(of(2.2, figures(1, 3))).toBe(false);
    const none = figures(0, 0, 0);
    expect([of(0, none), of(0.01, none)]).toEqual([false, false]);
  });
});
