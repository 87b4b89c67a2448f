import { expect, test } from "vitest";
import { kneePoints, kneeSentence } from "./knee-points.ts";

test("points that have no moment of the window lie outside; those without response times are left out", () => {
  const at = (timestamp: number, p95ResponseMs: number | null = 5) => ({
    timestamp,
    users: 1,
    requestsPerSec: 2,
    p95ResponseMs,
  });
  const points = [at(0), at(10_000), at(20_000, null), at(30_000), at(40_000)];
  const outside = (from: number, to: number): boolean[] =>
    kneePoints({ points, stepMs: 10_000 }, from, to).map(({ isOutside }) => isOutside);
  expect(outside(-Infinity, Infinity)).toEqual([false, false, false, false]);
  expect(outside(10_000, 40_000)).toEqual([true, false, false, true]);
  expect(outside(9999, 40_001)).toEqual([false, false, false, false]);
});

test("where no response time is known, that is the reason, and not too few numbers of users", () => {
  const of = (p95s: readonly (number | null)[], isMeasured: boolean): string =>
    kneeSentence(
      {
        knee: null,
        noKneeUpToUsers: null,
        points: p95s.map((p95ResponseMs, index) => ({
          timestamp: index,
          users: 10,
          requestsPerSec: 9,
          p95ResponseMs,
        })),
      },
      isMeasured,
    );
  expect(of([null, null], false)).toBe(
    "No p95 over time is known without the plugin, so nothing tells where it breaks.",
  );
  expect(of([null, null], true)).toBe("No p95 is known in this window.");
  expect(of([null, 5], true)).toMatch(/^Too few different numbers of users/);
  expect(of([], true)).toMatch(/^Too few different numbers of users/);
});
