import { expect, test } from "vitest";
import { rampOf } from "./ramp.ts";

test("users rise with the spawn rate and stay until the end", () => {
  expect(rampOf(240, 0.8, 600)).toEqual({
    points: [
      [0, 0],
      [300, 240],
      [600, 240],
    ],
    rampSeconds: 300,
    steadySeconds: 300,
    reached: 240,
  });
});

test("a run that is too short reaches fewer users than asked for, and has no steady part", () => {
  expect(rampOf(100, 1, 30)).toMatchObject({ reached: 30, rampSeconds: 30, steadySeconds: 0 });
});

test("a run without an end has a steady part of unknown length", () => {
  const ramp = rampOf(10, 10, undefined);
  expect(ramp?.steadySeconds).toBeUndefined();
  expect(ramp?.points.at(-1)).toEqual([11, 10]);
});

test.each([
  [undefined, 1, 60],
  [10, undefined, 60],
  [0, 1, 60],
  [10, Number.NaN, 60],
  [10, 1, Number.NaN],
  [10, 1, 0],
])("%s users at %s per second for %s s make no load", (users, spawnRate, duration) => {
  expect(rampOf(users, spawnRate, duration)).toBeUndefined();
});
