import { uptime } from "node:os";

/** The only source of time; all in ms. */
export type Clock = {
  /** Unix time that passes evenly, whoever sets the wall clock: every decision about a run is made by it. */
  readonly now: () => number;
  /** Never falls. */
  readonly monotonic: () => number;
  /** Unix time as the machine shows it. Expiry and retention use `expiryNow`. */
  readonly wall: () => number;
  /** Takes over a wall clock that was set. Returns the change of `now` in ms. */
  readonly follow?: () => number;
};

/**
 * Unix ms for retention and expiry: the earlier of both times. A wall clock that is set forward makes nothing expire, and one
 * that was set back keeps things longer.
 */
export const expiryNow = (clock: Pick<Clock, "now" | "wall">): number =>
  Math.min(clock.now(), clock.wall());

type Sources = {
  readonly wall: () => number;
  readonly monotonic: () => number;
  /** Like `monotonic`, but counts while the machine sleeps. */
  readonly awakeOrAsleep: () => number;
};

/** Smaller offsets are within the accuracy of the sources. */
const NOTABLE_MS = 1000;

/**
 * A clock that ignores changes of the wall clock (by NTP, by a person) until `follow`, so that no deadline of a run is early
 * or late. It counts the time while the machine sleeps.
 */
export const createSteadyClock = (sources: Sources): Clock => {
  const { wall, monotonic, awakeOrAsleep } = sources;
  const asleep = (): number => awakeOrAsleep() - monotonic();
  let base = wall() - monotonic();
  let slept = asleep();
  let checkedAt = Number.NEGATIVE_INFINITY;
  const addSleep = (passed: number): void => {
    if (Math.abs(wall() - base - passed) <= NOTABLE_MS || passed - checkedAt < NOTABLE_MS) return;
    checkedAt = passed;
    const more = asleep() - slept;
    if (more <= NOTABLE_MS) return;
    base += more;
    slept += more;
  };
  return {
    now: () => {
      const passed = monotonic();
      addSleep(passed);
      return Math.round(base + passed);
    },
    monotonic,
    wall,
    follow: () => {
      const jumped = wall() - base - monotonic();
      if (Math.abs(jumped) <= NOTABLE_MS) return 0;
      base += jumped;
      slept = asleep();
      return jumped;
    },
  };
};

/** Milliseconds since the machine was started, including the time it slept; accurate to 10 ms. */
export const awakeOrAsleep = (): number => uptime() * 1000;

export const systemClock: Clock = createSteadyClock({
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  awakeOrAsleep,
});
