import { expect, test } from "vitest";
import { keyOf } from "./heatmap-rows.ts";

test("the key of the shades ascends, also where a cell has few requests", () => {
  expect(keyOf(2, 1)).toEqual(["0", "0.5", "2"]);
  expect(keyOf(1, 2)).toEqual(["0", "0.13", "0.5"]);
  expect(keyOf(3250, 10)).toEqual(["0", "81", "330"]);
  for (let most = 1; most < 200; most += 1) {
    const key = keyOf(most, 1).map(Number);
    expect(key).toEqual(key.toSorted((one, other) => one - other));
    expect(new Set(key).size).toBe(3);
  }
});
