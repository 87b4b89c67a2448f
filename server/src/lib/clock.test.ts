import { expect, test } from "vitest";
import { createSteadyClock } from "./clock.ts";

/** A machine whose time the test sets. */
const machine = () => {
  const at = { wall: 1_700_000_000_000, awake: 5000, asleep: 0 };
  const clock = createSteadyClock({
    wall: () => at.wall,
    monotonic: () => at.awake,
    awakeOrAsleep: () => at.awake + at.asleep,
  });
  const pass = (ms: number): void => {
    at.wall += ms;
    at.awake += ms;
  };
  return { at, clock, pass };
};

test.each([300_000, -300_000])("a wall clock that is set by %i ms is adopted by follow", (by) => {
  const { at, clock, pass } = machine();
  const began = clock.now();
  pass(10_000);
  at.wall += by;
  pass(10_000);
  expect(clock.now() - began).toBe(20_000);
  expect(clock.follow?.()).toBe(by);
  expect(clock.now()).toBe(at.wall);
  expect(clock.follow?.()).toBe(0);
});

test("sleep of the machine is time that passes", () => {
  const { at, clock, pass } = machine();
  const began = clock.now();
  at.wall += 3_600_000;
  at.asleep += 3_600_000;
  pass(2000);
  expect(clock.now() - began).toBe(3_602_000);
  at.wall += 300_000;
  pass(2000);
  expect(clock.now() - began).toBe(3_604_000);
});

test("an offset within drift is not a jump", () => {
  const { at, clock } = machine();
  at.wall += 900;
  expect(clock.follow?.()).toBe(0);
});
