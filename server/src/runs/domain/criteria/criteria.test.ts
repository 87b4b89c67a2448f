import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Metric, Operator } from "@load-manager/contract/criteria/expression.ts";
import {
  designEffect,
  intervalContains,
  probabilityAtLeast,
  probabilityAtMost,
} from "./binomial.ts";
import { type Doubts, type Figures, NO_DOUBTS } from "./figures.ts";
import { createEveryJudge, judgeWindow } from "./judge-window.ts";
import { isCutShort, verdictOfRun } from "./run-verdict.ts";

/** P(X = k), exactly enough for small n. */
const exactly = (k: number, n: number, q: number): number => {
  let ways = 1;
  for (let index = 1; index <= k; index += 1) ways *= (n - k + index) / index;
  return ways * q ** k * (1 - q) ** (n - k);
};
const sum = (from: number, to: number, n: number, q: number): number => {
  let total = 0;
  for (let k = from; k <= to; k += 1) total += exactly(k, n, q);
  return total;
};

describe("binomial tails", () => {
  test("are the sums of their terms", () => {
    const cases = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.double({ min: 0.001, max: 0.999, noNaN: true }))
      .chain(([n, q]) => fc.tuple(fc.integer({ min: 0, max: n }), fc.constant(n), fc.constant(q)));
    fc.assert(
      fc.property(cases, ([k, n, q]) => {
        expect(probabilityAtLeast(k, n, q)).toBeCloseTo(sum(k, n, n, q), 9);
        expect(probabilityAtMost(k, n, q)).toBeCloseTo(sum(0, k, n, q), 9);
      }),
    );
  });

  test("are right for a million trials: the two sides of the mean are about a half each", () => {
    const [n, q] = [1_000_000, 0.05];
    expect(probabilityAtLeast(50_000, n, q)).toBeCloseTo(0.5, 2);
    expect(probabilityAtLeast(50_000, n, q) + probabilityAtMost(49_999, n, q)).toBeCloseTo(1, 9);
    // 1.96 standard deviations.
    expect(probabilityAtLeast(50_428, n, q)).toBeCloseTo(0.025, 3);
  });

  test("the interval of Clopper and Pearson has the published limits", () => {
    // 10 of 100: 0.0490 to 0.1762; 0 of 20: 0 to 0.1684.
    expect([0.0489, 0.0491, 0.1761, 0.1764].map((q) => intervalContains(10, 100, q))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect([0.168, 0.169].map((q) => intervalContains(0, 20, q))).toEqual([true, false]);
  });

  test("blocks that differ more than chance have a design effect above 1", () => {
    const even = Array.from({ length: 10 }, () => ({ n: 100, k: 5 }));
    const bursts = Array.from({ length: 10 }, (_, index) => ({ n: 100, k: index === 0 ? 50 : 0 }));
    expect(designEffect(even)).toBe(1);
    expect(designEffect(bursts)).toBeGreaterThan(40);
    expect(designEffect(bursts.slice(0, 7))).toBe(1);
  });
});

const figures = (more: Partial<Figures>): Figures => ({
  observed: 100,
  requests: 1000,
  failures: 0,
  isKnown: more.requests !== 0,
  timed: 1000,
  sumMs: 100_000,
  above: 0,
  seconds: 100,
  busiestRate: 10,
  blocks: [],
  ...more,
});
const judge = (
  text: [Metric, Operator, number],
  more: Partial<Figures>,
  doubts: Partial<Doubts> = {},
) => {
  const [metric, operator, limit] = text;
  const verdict = judgeWindow({ metric, operator, limit }, figures(more), {
    ...NO_DOUBTS,
    ...doubts,
  });
  return verdict.verdict === "inconclusive" ? verdict.code : verdict.verdict;
};
/** n times, k of them above the limit; the figure is on the side that k says. */
const tail = (n: number, k: number, share = 0.95) => ({
  timed: n,
  requests: n,
  above: k,
  observed: k > n * (1 - share) ? 301 : 299,
});

describe("a percentile", () => {
  test("is decided by its figure from 10 expected values beyond it on", () => {
    expect(judge(["p95", "<", 300], tail(200, 10))).toBe("passed");
    expect(judge(["p95", "<", 300], tail(200, 11))).toBe("failed");
    expect(judge(["p99", "<", 300], tail(1000, 11, 0.99))).toBe("failed");
  });

  test("is close where its exact interval contains the limit", () => {
    const close = (k: number) =>
      judgeWindow({ metric: "p95", operator: "<", limit: 300 }, figures(tail(1000, k)), NO_DOUBTS);
    expect(close(49)).toEqual({ verdict: "passed", close: true });
    expect(close(20)).toEqual({ verdict: "passed", close: false });
    expect(close(100)).toEqual({ verdict: "failed", close: false });
  });

  test("over fewer values is decided only where their number proves it", () => {
    // ln 0.05 / ln 0.95 = 58.4, and ln 0.05 / ln 0.99 = 298.1.
    expect(judge(["p95", "<", 300], tail(58, 0))).toBe("few_values");
    expect(judge(["p95", "<", 300], tail(59, 0))).toBe("passed");
    expect(judge(["p99", "<", 300], tail(298, 0, 0.99))).toBe("few_values");
    expect(judge(["p99", "<", 300], tail(299, 0, 0.99))).toBe("passed");
    expect(judge(["p95", "<", 300], tail(20, 4))).toBe("failed");
    expect(judge(["p95", "<", 300], tail(20, 2))).toBe("few_values");
    expect(judge(["p95", ">", 300], tail(20, 4))).toBe("passed");
    expect(judge(["p95", ">", 300], tail(59, 0))).toBe("failed");
  });

  test("over fewer than 20 values decides nothing, and says how many are needed", () => {
    expect(judge(["p95", "<", 300], tail(19, 19))).toBe("few_values");
    const verdict = (metric: Metric) =>
      judgeWindow({ metric, operator: "<", limit: 300 }, figures(tail(19, 0)), NO_DOUBTS);
    expect(verdict("p95")).toMatchObject({ requestsNeeded: 200 });
    expect(verdict("p99.9")).toMatchObject({ requestsNeeded: 10_000 });
    expect(verdict("p50")).toMatchObject({ requestsNeeded: 20 });
  });

  test("of Locust's own is decided by its figure alone", () => {
    const own = { above: undefined, timed: 0 };
    expect(judge(["p95", "<", 300], { ...own, observed: 250 })).toBe("passed");
    expect(judge(["p95", "<", 300], { ...own, observed: 250, requests: 199 })).toBe("few_values");
  });
});

describe("other metrics", () => {
  test.each<[[Metric, Operator, number], Partial<Figures>, string]>([
    [["errorRate", "<", 5], { observed: 4, failures: 40 }, "passed"],
    [["errorRate", "<", 5], { observed: 5, failures: 50 }, "failed"],
    [["errorRate", "<", 5], { observed: 0, requests: 19 }, "few_values"],
    [["errorRate", "<", 5], { observed: null, requests: 0 }, "no_data"],
    [["avg", "<", 200], { observed: 100 }, "passed"],
    [["avg", "<", 200], { observed: 100, timed: 19 }, "few_values"],
    [["max", "<", 50], { observed: 100 }, "failed"],
    [["exceptions", "=", 0], { observed: 0, requests: 0 }, "passed"],
    [["exceptions", "=", 0], { observed: 1 }, "failed"],
    [["exceptions", "=", 0], { observed: null }, "no_data"],
    [["rps", ">=", 100], { observed: 0.1, requests: 5 }, "failed"],
    [["rps", "<=", 100], { observed: 0, requests: 0 }, "no_data"],
    [["failures", "=", 0], { observed: 0, requests: 0 }, "no_data"],
    [["users", "!=", 5], { observed: 5 }, "failed"],
    [["workerCpu", "<", 80], { observed: 90 }, "failed"],
  ])("%j of %j: %s", (text, more, expected) => {
    expect(judge(text, more)).toBe(expected);
  });
});

describe("a doubt turns only what it can turn", () => {
  const slow: Partial<Figures> = { observed: 301, above: 100 };
  const quick: Partial<Figures> = { observed: 200, above: 1 };
  const saturated = { isSaturated: true };
  const notReached = { isLoadNotReached: true };
  const cut = { isCutShort: true };
  test.each<[Partial<Doubts>, [Metric, Operator, number], Partial<Figures>, string]>([
    [saturated, ["p95", "<", 300], slow, "generator_saturated"],
    [saturated, ["p95", "<", 300], quick, "generator_saturated"],
    [saturated, ["rps", ">=", 100], { observed: 120 }, "passed"],
    [saturated, ["rps", ">=", 100], { observed: 90 }, "generator_saturated"],
    [saturated, ["rps", "<=", 100], { observed: 120 }, "failed"],
    [saturated, ["rps", "<=", 100], { observed: 90 }, "generator_saturated"],
    [saturated, ["errorRate", "<", 5], { observed: 9, failures: 90 }, "failed"],
    [saturated, ["errorRate", "<", 5], { observed: 1, failures: 10 }, "generator_saturated"],
    [saturated, ["exceptions", "=", 0], { observed: 3 }, "failed"],
    [saturated, ["exceptions", "=", 3], { observed: 3 }, "generator_saturated"],
    [saturated, ["workerCpu", "<", 80], { observed: 95 }, "failed"],
    [saturated, ["users", ">=", 10], { observed: 10 }, "passed"],
    [notReached, ["p95", "<", 300], slow, "failed"],
    [notReached, ["p95", "<", 300], quick, "load_not_reached"],
    [notReached, ["p95", ">", 300], slow, "passed"],
    [notReached, ["errorRate", "<", 5], { observed: 9, failures: 90 }, "failed"],
    [notReached, ["rps", ">=", 100], { observed: 90 }, "load_not_reached"],
    [notReached, ["rps", ">=", 100], { observed: 120 }, "passed"],
    [cut, ["p95", "<", 300], slow, "failed"],
    [cut, ["p95", "<", 300], quick, "cut_short"],
    [cut, ["requests", ">=", 2000], { observed: 1000 }, "cut_short"],
    [cut, ["requests", ">=", 500], { observed: 1000 }, "passed"],
    [cut, ["min", ">", 5], { observed: 10 }, "cut_short"],
    [{ couldNotRun: true }, ["p95", "<", 300], slow, "could_not_run"],
    // 10 seconds of 10 requests: 100 of 1100 above are enough to turn 1 of 1000, and not 200.
    [{ lostSeconds: 10 }, ["p95", "<", 300], quick, "incomplete"],
    [{ lostSeconds: 1 }, ["p95", "<", 300], quick, "passed"],
    [{ lostSeconds: 10 }, ["p95", "<", 300], { observed: 301, above: 200 }, "failed"],
    [{ lostSeconds: 10 }, ["p95", ">", 300], quick, "incomplete"],
    [{ lostSeconds: 10 }, ["errorRate", "<", 5], { observed: 1, failures: 10 }, "incomplete"],
    [{ lostSeconds: 1 }, ["errorRate", "<", 5], { observed: 1, failures: 10 }, "passed"],
    [{ lostSeconds: 10 }, ["errorRate", "<", 5], { observed: 90, failures: 900 }, "failed"],
    [{ lostSeconds: 1 }, ["exceptions", "=", 0], { observed: 0 }, "incomplete"],
    [{ lostSeconds: 1 }, ["failures", "<", 5], { observed: 9, failures: 9 }, "failed"],
    [{ lostSeconds: 1 }, ["avg", "<", 200], { observed: 100 }, "incomplete"],
    [{ lostSeconds: 1 }, ["avg", "<", 50], { observed: 100 }, "failed"],
    [{ lostSeconds: 1 }, ["max", "<", 50], { observed: 100 }, "failed"],
    [{ lostSeconds: 1 }, ["rps", ">=", 10], { observed: 9.95 }, "incomplete"],
    [{ lostSeconds: 1 }, ["rps", ">=", 10], { observed: 9 }, "failed"],
    [{ lostRequests: Number.POSITIVE_INFINITY }, ["p95", "<", 300], slow, "incomplete"],
    [
      { lostRequests: Number.POSITIVE_INFINITY },
      ["failures", "<", 5],
      { observed: 9, failures: 9 },
      "failed",
    ],
  ])("%j with %j of %j: %s", (doubts, text, more, expected) => {
    expect(judge(text, more, doubts)).toBe(expected);
  });

  test("no doubt makes an inconclusive verdict certain, and none changes passed to failed", () => {
    const doubts = fc.record({
      couldNotRun: fc.boolean(),
      isSaturated: fc.boolean(),
      isLoadNotReached: fc.boolean(),
      isCutShort: fc.boolean(),
      lostSeconds: fc.integer({ min: 0, max: 20 }),
      lostRequests: fc.integer({ min: 0, max: 20 }),
    });
    const metric = fc.constantFrom<Metric>(
      "avg",
      "min",
      "max",
      "p95",
      "errorRate",
      "failures",
      "requests",
      "rps",
      "users",
      "exceptions",
      "workerCpu",
    );
    const operator = fc.constantFrom<Operator>("<", "<=", ">", ">=", "=", "!=");
    fc.assert(
      fc.property(
        metric,
        operator,
        fc.integer({ min: 0, max: 200 }),
        doubts,
        (of, by, limit, some) => {
          const more = { observed: 100, above: 30, failures: 100 };
          const alone = judge([of, by, limit], more);
          const doubted = judge([of, by, limit], more, some);
          if (doubted === "passed" || doubted === "failed") expect(doubted).toBe(alone);
        },
      ),
    );
  });
});

describe("in every", () => {
  const judged = { metric: "errorRate" as const, operator: "<" as const, limit: 5 };
  const windows = (
    rates: readonly (number | null)[],
    isCut = false,
    doubts: Partial<Doubts> = {},
  ) => {
    const every = createEveryJudge(judged);
    rates.forEach((rate, index) => {
      const requests = rate === null ? 10 : 100;
      const of = figures({ observed: rate ?? 0, requests, failures: rate ?? 0 });
      const times = { fromMs: index * 1000, toMs: (index + 30) * 1000 };
      every.add(times, of, { ...NO_DOUBTS, ...doubts });
    });
    return every.finish(isCut);
  };

  test("fails with one window that fails, and names the first and the worst", () => {
    expect(windows([1, 6, 9, 2, null])).toMatchObject({
      verdict: { verdict: "failed" },
      windows: { total: 5, decided: 4, violated: 2 },
      first: { fromMs: 1000, observed: 6 },
      worst: { fromMs: 2000, observed: 9 },
    });
  });

  test("windows with few requests decide nothing", () => {
    expect(windows([1, null, 2]).verdict).toEqual({ verdict: "passed", close: false });
    expect(windows([null, null]).verdict).toMatchObject({ code: "few_values", requestsNeeded: 20 });
  });

  test("a window without a request violates a lower limit of a rate, where others have requests", () => {
    const lowest = { metric: "rps" as const, operator: ">=" as const, limit: 10 };
    const rates = (list: readonly number[], doubts: Partial<Doubts> = {}) => {
      const every = createEveryJudge(lowest);
      list.forEach((observed, index) => {
        const times = { fromMs: index * 1000, toMs: (index + 3) * 1000 };
        const of = figures({ observed, requests: observed * 3, timed: observed * 3 });
        every.add(times, of, { ...NO_DOUBTS, ...doubts });
      });
      return every.finish(false);
    };
    expect(rates([0, 50, 0, 0, 20])).toMatchObject({
      verdict: { verdict: "failed" },
      windows: { total: 5, decided: 5, violated: 3 },
      first: { fromMs: 0, observed: 0 },
      worst: { observed: 0, requests: 0 },
    });
    expect(rates([50, 0], { isSaturated: true }).verdict).toMatchObject({
      code: "generator_saturated",
    });
    expect(rates([50, 0], { lostSeconds: 1 }).verdict).toMatchObject({ code: "incomplete" });
    expect(rates([0, 0]).verdict).toMatchObject({ code: "no_data" });
  });

  test("a load that ended before its time passes nothing, and fails what failed", () => {
    expect(windows([1, 2], true).verdict).toMatchObject({ code: "cut_short" });
    expect(windows([], false).verdict).toMatchObject({ code: "cut_short" });
    expect(windows([9, 2], true).verdict).toMatchObject({ verdict: "failed" });
  });

  test("a doubtful window leaves the whole doubtful, unless another one fails for certain", () => {
    expect(windows([1, 2], false, { isSaturated: true }).verdict).toMatchObject({
      code: "generator_saturated",
    });
    expect(windows([1, 9], false, { isSaturated: true }).verdict).toMatchObject({
      verdict: "failed",
    });
  });
});

describe("the verdict of a run", () => {
  const of = (...verdicts: ("passed" | "failed" | "inconclusive")[]) =>
    verdicts.map((verdict) => ({ verdict, severity: "fail" as const }));
  const warning = { verdict: "failed" as const, severity: "warn" as const };
  const unjudged = {
    verdict: "inconclusive" as const,
    severity: "warn" as const,
    reason: { code: "could_not_run" as const, message: "The run could not run." },
  };
  test.each([
    [[], "none"],
    [of("passed"), "passed"],
    [of("passed", "inconclusive"), "inconclusive"],
    [of("passed", "inconclusive", "failed"), "failed"],
    [[...of("passed"), warning], "passed"],
    [[warning], "passed"],
    [[unjudged], "inconclusive"],
  ])("%j: %s", (verdicts, expected) => {
    expect(verdictOfRun(verdicts)).toBe(expected);
  });

  test("a stop before the duration cuts a run short, and one of a run without a duration does not", () => {
    const cut = (
      endCause: "stopped_by_user" | "duration_reached" | "auto_stop_errors",
      more = {},
    ) => isCutShort({ endCause, ...more }, 30_000);
    expect(cut("stopped_by_user", { durationSeconds: 60 })).toBe(true);
    expect(cut("stopped_by_user", { durationSeconds: 30 })).toBe(false);
    expect(cut("stopped_by_user")).toBe(false);
    expect(cut("auto_stop_errors")).toBe(true);
    expect(cut("duration_reached", { durationSeconds: 31 })).toBe(false);
  });
});
