import { expect, test } from "vitest";
import { kneePoints } from "./knee-points.ts";

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
