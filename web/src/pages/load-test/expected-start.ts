type Seconds = number | undefined;

/**
 * When a run starts (Unix ms) that is put at the end of a queue: each run before it takes the slot that is free first.
 * `ends`: when the runs that hold slots end; `waiting`: how long those before it last. `undefined` where one has no end.
 */
export const expectedStart = (
  slots: number,
  ends: readonly (number | undefined)[],
  waiting: readonly Seconds[],
  now: number,
): number | undefined => {
  const free = Array.from({ length: slots }, (_, slot) =>
    slot < ends.length ? Math.max(now, ends[slot] ?? Infinity) : now,
  );
  const first = (): number => free.indexOf(Math.min(...free));
  for (const seconds of waiting) {
    const slot = first();
    free[slot] = (free[slot] ?? now) + (seconds ?? Infinity) * 1000;
  }
  const start = free[first()];
  return start !== undefined && Number.isFinite(start) ? start : undefined;
};
