import { expect, test } from "vitest";
import { niceTop } from "./nice-scale.ts";

test.each([
  [0, 1],
  [0.3, 0.3],
  [7, 8],
  [374, 400],
  [468, 500],
  [1240, 1500],
  [9999, 10_000],
])("the top of an axis for %d is %d", (value, top) => {
  expect(niceTop(value)).toBeCloseTo(top, 9);
});
