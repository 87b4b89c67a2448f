type Point = readonly [seconds: number, users: number];

/** How the users of a run will rise, and whether they get there. */
export type Ramp = {
  readonly points: readonly Point[];
  /** How long the users rise, in seconds; at most the duration. */
  readonly rampSeconds: number;
  /** How long they stay; absent where the run has no planned end. */
  readonly steadySeconds: number | undefined;
  /** The most users at the same time. */
  readonly reached: number;
};

/** A run without an end is drawn this much longer than its ramp. */
const OPEN_PART = 0.5;
const LEAST_OPEN_SECONDS = 10;

const isAbove0 = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value > 0;

/** `undefined` while what is typed makes no load. */
export const rampOf = (
  users: number | undefined,
  spawnRate: number | undefined,
  durationSeconds: number | undefined,
): Ramp | undefined => {
  if (!isAbove0(users) || !isAbove0(spawnRate)) return undefined;
  if (durationSeconds !== undefined && !isAbove0(durationSeconds)) return undefined;
  const full = users / spawnRate;
  if (durationSeconds !== undefined && full >= durationSeconds) {
    const reached = spawnRate * durationSeconds;
    return {
      points: [
        [0, 0],
        [durationSeconds, reached],
      ],
      rampSeconds: durationSeconds,
      steadySeconds: 0,
      reached,
    };
  }
  const end = durationSeconds ?? full + Math.max(full * OPEN_PART, LEAST_OPEN_SECONDS);
  return {
    points: [
      [0, 0],
      [full, users],
      [end, users],
    ],
    rampSeconds: full,
    steadySeconds: durationSeconds === undefined ? undefined : durationSeconds - full,
    reached: users,
  };
};
