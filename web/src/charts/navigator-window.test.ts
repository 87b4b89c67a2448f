import fc from "fast-check";
import { expect, test } from "vitest";
import { movedWindow, type Part, secondsOfKey, spannedWindow } from "./navigator-window.ts";

test("an end moves to the other end at most, the middle keeps its length", () => {
  expect(movedWindow("from", [10, 40], 5, 100)).toEqual([15, 40]);
  expect(movedWindow("from", [10, 40], 50, 100)).toEqual([39, 40]);
  expect(movedWindow("to", [10, 40], 90, 100)).toEqual([10, 100]);
  expect(movedWindow("to", [10, 40], -Infinity, 100)).toEqual([10, 11]);
  expect(movedWindow("middle", [10, 40], 90, 100)).toEqual([70, 100]);
  expect(movedWindow("middle", [10, 40], -Infinity, 100)).toEqual([0, 30]);
});

test("wherever it is moved, a window stays within the run and is no shorter than a second", () => {
  fc.assert(
    fc.property(
      fc.constantFrom<Part>("from", "to", "middle"),
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 1, max: 500 }),
      fc.oneof(fc.integer({ min: -2000, max: 2000 }), fc.constantFrom(-Infinity, Infinity)),
      (part, from, length, by) => {
        const [start, end] = movedWindow(part, [from, from + length], by, 1000);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeLessThanOrEqual(1000);
        expect(end - start).toBeGreaterThanOrEqual(1);
        if (part === "middle") expect(end - start).toBe(length);
      },
    ),
  );
});

test("a window is spanned from either side", () => {
  expect(spannedWindow(40, 10, 100)).toEqual([10, 40]);
  expect(spannedWindow(-5, 130, 100)).toEqual([0, 100]);
});

test("keys move by a hundredth of the run, one second at least", () => {
  expect(
    ["ArrowLeft", "ArrowUp", "PageUp", "Home", "x"].map((key) => secondsOfKey(key, 600)),
  ).toEqual([-6, 6, 60, -Infinity, undefined]);
  expect(secondsOfKey("ArrowRight", 20)).toBe(1);
});
