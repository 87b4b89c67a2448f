import { uptime } from "node:os";

/** The only source of time. `now` is Unix milliseconds; `monotonic` only ever rises, also when the wall clock jumps. */
export type Clock = {
  readonly now: () => number;
  readonly monotonic: () => number;
  /** Takes the time from the wall clock again, where somebody has set that; by how many ms `now` has changed. */
  readonly follow?: () => number;
};

type Sources = {
  readonly wall: () => number;
  readonly monotonic: () => number;
  /** Like `monotonic`, but counts while the machine sleeps. */
  readonly awakeOrAsleep: () => number;
};

/** Offsets below it are how exactly the sources can be read. */
const NOTABLE_MS = 1000;

/**
 * A clock that passes as time does: a wall clock that is set (by NTP, by a person) changes nothing until `follow`, so
 * that no deadline of a run comes early or late. While a machine sleeps time passes all the same.
 */
export const createSteadyClock = (sources: Sources): Clock => {
  const { wall, monotonic, awakeOrAsleep } = sources;
  const asleep = (): number => awakeOrAsleep() - monotonic();
  let base = wall() - monotonic();
  let slept = asleep();
  let lookedAt = Number.NEGATIVE_INFINITY;
  const minded = (passed: number): void => {
    if (Math.abs(wall() - base - passed) <= NOTABLE_MS || passed - lookedAt < NOTABLE_MS) return;
    lookedAt = passed;
    const more = asleep() - slept;
    if (more <= NOTABLE_MS) return;
    base += more;
    slept += more;
  };
  return {
    now: () => {
      const passed = monotonic();
      minded(passed);
      return Math.round(base + passed);
    },
    monotonic,
    follow: () => {
      const jumped = wall() - base - monotonic();
      if (Math.abs(jumped) <= NOTABLE_MS) return 0;
      base += jumped;
      slept = asleep();
      return jumped;
    },
  };
};

/** Milliseconds since the machine was started, the time that it slept included; exact to 10 ms. */
export const awakeOrAsleep = (): number => uptime() * 1000;

export const systemClock: Clock = createSteadyClock({
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  awakeOrAsleep,
});
