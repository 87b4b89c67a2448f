import { expect, test } from "vitest";
import { freePlace } from "./label-place.ts";

const right = { name: "right", left: 80, right: 100, top: 10, bottom: 20 };
const left = { name: "left", left: 0, right: 20, top: 10, bottom: 20 };
const places = [right, left];
const nameOf = (...rest: [Parameters<typeof freePlace>[1], Parameters<typeof freePlace>[2]]) =>
  freePlace(places, ...rest)?.name;

test("a label stands at the first place through which no line goes", () => {
  const below = [[0, 50] as const, [100, 50] as const];
  expect(nameOf([below], [])).toBe("right");
  // It has no point in the rectangle, but goes through it.
  const steep = [[70, 0] as const, [110, 30] as const];
  expect(nameOf([below, steep], [])).toBe("left");
  const vertical = [[90, 0] as const, [90, 100] as const];
  expect(nameOf([vertical], [])).toBe("left");
});

test("a line that ends before the label does not disturb it", () => {
  const ends = [[0, 15] as const, [60, 15] as const];
  expect(nameOf([ends], [])).toBe("right");
});

test("where every place is crossed, no label stands on another", () => {
  const flat = [[0, 15] as const, [100, 15] as const];
  expect(nameOf([flat], [])).toBe("right");
  expect(nameOf([flat], [right])).toBe("left");
  expect(freePlace([], [], [])).toBeUndefined();
});
