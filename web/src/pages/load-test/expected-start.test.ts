import { expect, test } from "vitest";
import { expectedStart } from "./expected-start.ts";

const NOW = 1_000_000;

test("a run starts now where a slot is free, else when the first becomes free", () => {
  expect(expectedStart(1, [], [], NOW)).toBe(NOW);
  expect(expectedStart(2, [NOW + 5000], [], NOW)).toBe(NOW);
  expect(expectedStart(1, [NOW + 5000], [], NOW)).toBe(NOW + 5000);
  expect(expectedStart(2, [NOW + 9000, NOW + 5000], [], NOW)).toBe(NOW + 5000);
  // It should have ended already.
  expect(expectedStart(1, [NOW - 5000], [], NOW)).toBe(NOW);
});

test("the runs before it take the slots first", () => {
  expect(expectedStart(1, [NOW + 5000], [10, 20], NOW)).toBe(NOW + 35_000);
  expect(expectedStart(2, [NOW + 5000, NOW + 6000], [10], NOW)).toBe(NOW + 6000);
});

test("behind a run without an end nobody knows", () => {
  expect(expectedStart(1, [undefined], [], NOW)).toBeUndefined();
  expect(expectedStart(1, [NOW + 5000], [undefined], NOW)).toBeUndefined();
  expect(expectedStart(2, [undefined, NOW + 5000], [], NOW)).toBe(NOW + 5000);
});
