import fc from "fast-check";
import { expect, test } from "vitest";
import {
  linearRange,
  logRange,
  logTicks,
  pointsOfLoad,
  spread,
  stacked,
  timeTicks,
} from "./scales.ts";

test("time ticks are round, in order, within the bounds, and not too close to each other", () => {
  expect(timeTicks(0, 600, 900)).toEqual([0, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600]);
  expect(timeTicks(61, 95, 400)).toEqual([70, 80, 90]);
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.integer({ min: 1, max: 4e6 }),
      fc.integer({ min: 100, max: 2000 }),
      (from, length, width) => {
        const ticks = timeTicks(from, from + length, width);
        const perPixel = length / width;
        for (const [index, tick] of ticks.entries()) {
          expect(tick).toBeGreaterThanOrEqual(from);
          expect(tick).toBeLessThanOrEqual(from + length);
          if (index > 0)
            expect(tick - (ticks[index - 1] ?? 0)).toBeGreaterThanOrEqual(79 * perPixel);
        }
      },
    ),
  );
});

test("axes have round bounds that hold the values", () => {
  expect([0, 7, 98, 104, 583].map(linearRange)).toEqual([
    [0, 1],
    [0, 8],
    [0, 100],
    [0, 150],
    [0, 600],
  ]);
  expect([logRange(12, 450), logRange(3, 3000)]).toEqual([
    [10, 1000],
    [3, 3000],
  ]);
  fc.assert(
    fc.property(
      fc.double({ min: 0.2, max: 1e6, noNaN: true }),
      fc.double({ min: 1, max: 1e4, noNaN: true }),
      (low, factor) => {
        const high = low * factor;
        const [from, to] = logRange(low, high);
        expect(from).toBeLessThanOrEqual(low * 1.000001);
        expect(to).toBeGreaterThanOrEqual(high * 0.999);
        const ticks = logTicks(from, to);
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(12);
      },
    ),
  );
});

test("bars stand on each other; a gap stays one", () => {
  expect(
    stacked([
      [1, null, 2],
      [3, null, null],
    ]),
  ).toEqual([
    [1, null, 2],
    [4, null, 2],
  ]);
});

test("labels are pushed apart, stay in order and within the bounds, and move only where they must", () => {
  expect(spread([10, 50, 90], 13, [0, 100])).toEqual([10, 50, 90]);
  expect(spread([50, 48], 13, [0, 100])).toEqual([61, 48]);
  expect(spread([99, 98, 97], 13, [0, 100])).toEqual([100, 87, 74]);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 15 }), (wanted) => {
      const places = spread(wanted, 13, [0, 200]);
      const ascending = places.toSorted((a, b) => a - b);
      for (const [index, place] of ascending.entries()) {
        expect(place).toBeGreaterThanOrEqual(0);
        expect(place).toBeLessThanOrEqual(200);
        if (index > 0) expect(place - (ascending[index - 1] ?? 0)).toBeGreaterThanOrEqual(13);
      }
      for (const [index, one] of wanted.entries())
        for (const [other, value] of wanted.entries())
          if (one < value) expect(places[index]).toBeLessThan(places[other] ?? 0);
    }),
  );
});

test("the newest point is the last one that lies in the load as a whole", () => {
  const times = [-0.4, 0.6, 1.6, 2.6, 3.6];
  expect(pointsOfLoad(times, undefined)).toBe(5);
  expect(pointsOfLoad(times, 3)).toBe(3);
  expect(pointsOfLoad(times, 3.6)).toBe(4);
  expect(pointsOfLoad(times, 99)).toBe(5);
  // A window after the load's end has no other points.
  expect(pointsOfLoad([30, 31], 20)).toBe(2);
  expect(pointsOfLoad([], 20)).toBe(0);
});
