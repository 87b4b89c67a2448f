import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kneeOf, type KneePoint } from "./knee.ts";

const points = (
  count: number,
  users: (index: number) => number,
  rate: (users: number, index: number) => number,
): KneePoint[] =>
  Array.from({ length: count }, (_, index) => {
    const at = users(index);
    return { users: at, requestsPerSec: rate(at, index), p95ResponseMs: 100 + at };
  });

/** A ramp of 10 users for each point up to 200, which then stay. */
const ramp = (index: number): number => Math.min(200, 10 * (index + 1));

/** Noise of a fixed seed, about normal with deviation 1. */
const noise = (seed: number): (() => number) => {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Array.from({ length: 12 }, uniform).reduce((sum, x) => sum + x, 0) - 6;
};

describe("the knee", () => {
  test("is where throughput stops rising: saturating, or falling again", () => {
    const flat = kneeOf(points(30, ramp, (users) => 3 * Math.min(users, 120)));
    expect(flat).toMatchObject({
      users: 120,
      requestsPerSec: expect.closeTo(360, 3) as number,
      p95ResponseMs: 220,
    });
    const falling = kneeOf(points(30, ramp, (users) => (users < 100 ? 3 * users : 400 - users)));
    expect(falling?.users).toBe(100);
  });

  test("is none where throughput rises up to the end, or does not depend on users", () => {
    expect(kneeOf(points(30, ramp, (users) => 3 * users))).toBeNull();
    expect(kneeOf(points(30, ramp, () => 300))).toBeNull();
    // It rises less and less, and has not become flat.
    expect(kneeOf(points(30, ramp, (users) => (users < 100 ? 3 * users : 200 + users)))).toBeNull();
  });

  test("cannot be told from few points, or few numbers of users", () => {
    expect(kneeOf([])).toBeUndefined();
    expect(kneeOf(points(7, ramp, (users) => Math.min(users, 30)))).toBeUndefined();
    expect(
      kneeOf(
        points(
          100,
          (index) => (index < 50 ? 10 : 20),
          () => 5,
        ),
      ),
    ).toBeUndefined();
  });

  test("is not taken from its own side only: nothing is known beyond the most users", () => {
    const known = points(40, ramp, (users) => 3 * Math.min(users, 195));
    expect(kneeOf(known)).toBeNull();
  });

  test("is found through noise, within its doubt, and noise alone has none", () => {
    let covered = 0;
    let falseKnees = 0;
    for (let seed = 1; seed <= 200; seed += 1) {
      const random = noise(seed * 7919);
      const saturated = kneeOf(
        points(30, ramp, (users) => 3 * Math.min(users, 120) * (1 + 0.05 * random())),
      );
      expect(saturated).toBeTruthy();
      if (saturated == null) continue;
      expect(Math.abs(saturated.users - 120)).toBeLessThan(25);
      if (saturated.usersFrom <= 120 && 120 <= saturated.usersTo) covered += 1;
      const straight = kneeOf(points(30, ramp, (users) => 3 * users * (1 + 0.05 * random())));
      if (straight !== null) falseKnees += 1;
    }
    expect(covered).toBeGreaterThan(170);
    expect(falseKnees).toBeLessThan(6);
  });

  test("moves with the units of both axes, and not with the order of points", () => {
    const scale = fc.double({ min: 0.01, max: 1000, noNaN: true });
    fc.assert(
      fc.property(scale, scale, fc.integer({ min: 50, max: 150 }), (x, y, at) => {
        const base = points(30, ramp, (users) => Math.min(users, at) + (users % 7) / 10);
        const knee = kneeOf(base);
        const scaled = kneeOf(
          base.map((one) => ({ ...one, requestsPerSec: one.requestsPerSec * y })),
        );
        expect(scaled?.users).toBe(knee?.users);
        const reversed = kneeOf(base.toReversed());
        expect(reversed?.users).toBe(knee?.users);
        if (x >= 1) {
          const wider = kneeOf(base.map((one) => ({ ...one, users: one.users * Math.round(x) })));
          expect((wider?.users ?? 0) / Math.round(x)).toBeCloseTo(knee?.users ?? 0, 6);
        }
      }),
      { numRuns: 50 },
    );
  });
});
