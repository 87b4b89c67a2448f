import { expect, test } from "vitest";
import { createSteadyClock } from "./clock.ts";

/** A machine whose time passes only when the test says so. */
const machine = () => {
  const at = { wall: 1_700_000_000_000, awake: 5000, asleep: 0 };
  const clock = createSteadyClock({
    wall: () => at.wall,
    monotonic: () => at.awake,
    awakeOrAsleep: () => at.awake + at.asleep,
  });
  const advance = (ms: number): void => {
    at.wall += ms;
    at.awake += ms;
  };
  return { at, clock, advance };
};

test.each([300_000, -300_000])(
  "the clock takes over a wall clock set by %i ms only when follow is called",
  (by) => {
    const { at, clock, advance } = machine();
    const began = clock.now();
    advance(10_000);
    at.wall += by;
    advance(10_000);
    expect(clock.now() - began).toBe(20_000);
    expect(clock.follow?.()).toBe(by);
    expect(clock.now()).toBe(at.wall);
    expect(clock.follow?.()).toBe(0);
  },
);

test("time passes while the machine sleeps", () => {
  const { at, clock, advance } = machine();
  const began = clock.now();
  at.wall += 3_600_000;
  at.asleep += 3_600_000;
  advance(2000);
  expect(clock.now() - began).toBe(3_602_000);
  at.wall += 300_000;
  advance(2000);
  expect(clock.now() - began).toBe(3_604_000);
});

test("a difference as small as drift is not taken over", () => {
  const { at, clock } = machine();
  at.wall += 900;
  expect(clock.follow?.()).toBe(0);
});
