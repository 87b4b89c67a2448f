/** The only source of time. `now` is Unix milliseconds; `monotonic` only ever rises, also when the wall clock jumps. */
export type Clock = {
  readonly now: () => number;
  readonly monotonic: () => number;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
