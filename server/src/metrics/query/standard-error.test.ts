import { describe, expect, test } from "vitest";
import { addLatency, emptyHistogram } from "../codec/histogram.ts";
import type { Measured } from "./criterion-figures.ts";
import { standardErrorOf } from "./standard-error.ts";

/** What was measured where requests took so many ms. */
const measuredOf = (ms: readonly number[]): Measured => {
  const histogram = emptyHistogram();
  for (const one of ms) addLatency(histogram, one * 1000);
  const view: Measured["view"] = {
    requests: ms.length,
    failures: 0,
    timed: ms.length,
    avgMs: ms.reduce((sum, one) => sum + one, 0) / ms.length,
    minMs: Math.min(...ms),
    maxMs: Math.max(...ms),
    histogram,
    bounds: { minUs: Math.min(...ms) * 1000, maxUs: Math.max(...ms) * 1000 },
  };
  return { view, rate: 1, seconds: 1, users: 1, exceptions: null, workerCpu: null };
};

const of = (metric: Parameters<typeof standardErrorOf>[0], parts: readonly (readonly number[])[]) =>
  standardErrorOf(metric, measuredOf(parts.flat()), parts.map(measuredOf));
const repeated = (count: number, ms: number) => Array.from({ length: count }, () => ms);

describe("the standard error of the logarithm of a figure", () => {
  const swinging = Array.from({ length: 10 }, (_, index) =>
    repeated(10, index % 2 === 0 ? 90 : 110),
  );

  test("of an average: sqrt(10/9 · 10 · 100²) / (100 · 100)", () => {
    expect(of("avg", swinging)).toBeCloseTo(1 / 30, 9);
    expect(
      of(
        "avg",
        swinging.map(() => repeated(10, 100)),
      ),
    ).toBe(0);
  });

  test("of a percentile, from how its parts lie about it", () => {
    // 0 to 99 ms in each part: the parts do not differ.
    const even = Array.from({ length: 10 }, () => Array.from({ length: 100 }, (_, ms) => 100 + ms));
    expect(of("p50", even)).toBeCloseTo(0, 6);
    // Half of the parts are 20 ms later: 60 instead of 40 of 100 are above the median, so that
    // f = sqrt(10/9 · 10 · 10²) / 1000 = 0.0333, and the median lies between the ranks 0.5 ± 0.0653.
    const later = even.map((part, index) => part.map((ms) => ms + (index % 2 === 0 ? 0 : 20)));
    const expected = Math.log((160 + 6.53) / (160 - 6.53)) / 3.92;
    expect(of("p50", later)).toBeCloseTo(expected, 2);
  });

  test("is unknown of few parts, of a tail that is too short, and of what is no average", () => {
    expect(of("avg", swinging.slice(0, 7))).toBe(0);
    expect(of("p99.9", swinging)).toBe(0);
    for (const metric of ["min", "max", "rps", "users", "errorRate"] as const)
      expect(of(metric, swinging)).toBe(0);
  });
});
