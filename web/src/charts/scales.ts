const TIME_STEPS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** Round times in seconds for the labels of a time axis, so that none is nearer to the next than `minGap` pixels. */
export const timeTicks = (from: number, to: number, width: number, minGap = 80): number[] => {
  const most = Math.max(1, Math.floor(width / minGap));
  const day = TIME_STEPS.at(-1) ?? 86_400;
  const step =
    TIME_STEPS.find((one) => (to - from) / one <= most) ??
    Math.ceil((to - from) / most / day) * day;
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
};

/** The bounds of an axis from 0: a round number above `max`, which three to six lines divide. */
export const linearRange = (max: number): [number, number] => {
  if (!(max > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(max));
  const top = [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((one) => one * power >= max * 1.02) ?? 15;
  return [0, top * power];
};

/** The bounds of a log axis around `min` and `max`, which are 1 or 3 times a power of ten. */
export const logRange = (min: number, max: number): [number, number] => {
  const low = Math.max(min, 0.1);
  const high = Math.max(max, low * 1.01);
  const power = 10 ** Math.floor(Math.log10(low));
  const lower = low >= 3 * power ? 3 * power : power;
  const above = 10 ** Math.floor(Math.log10(high));
  const upper = high <= above ? above : high <= 3 * above ? 3 * above : 10 * above;
  return [lower, upper <= lower ? lower * 10 : upper];
};

/** 1 and 3 times each power of ten within the bounds; the powers alone where they are many. */
export const logTicks = (min: number, max: number): number[] => {
  const from = Math.floor(Math.log10(min) + 1e-9);
  const to = Math.ceil(Math.log10(max) - 1e-9);
  const factors = to - from > 4 ? [1] : [1, 3];
  return Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index))
    .flatMap((power) => factors.map((factor) => factor * power))
    .filter((tick) => tick >= min * 0.999 && tick <= max * 1.001);
};

/** Places as near to the wanted ones as they can be with a distance of at least `gap`, within the bounds as far as they suffice; in the order given. */
export const spread = (
  wanted: readonly number[],
  gap: number,
  [from, to]: readonly [number, number],
): number[] => {
  const order = wanted
    .map((_, index) => index)
    .toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const places: number[] = [];
  let least = from;
  for (const index of order) {
    const place = Math.max(wanted[index] ?? 0, least);
    places[index] = place;
    least = place + gap;
  }
  let most = to;
  for (const index of order.toReversed()) {
    const place = Math.min(places[index] ?? 0, most);
    places[index] = place;
    most = place - gap;
  }
  return places;
};

/**
 * The number of points that lie in the load: after its end users leave, and nothing is asked for any more. All where the load
 * has no end yet, or no point lies before it.
 */
export const pointsOfLoad = (times: readonly number[], loadEnd: number | undefined): number => {
  const [first = 0, second = first + 1] = times;
  const step = second - first;
  const after = times.findIndex((at) => loadEnd !== undefined && at + step > loadEnd + 1e-6);
  return after > 0 ? after : times.length;
};

/** For bars on top of each other: the sums from the first series up to each, null where nothing is known. */
export const stacked = (series: readonly (readonly (number | null)[])[]): (number | null)[][] => {
  const sums: (number | null)[] = [];
  return series.map((values) =>
    values.map((value, index) => {
      const below = sums[index];
      const sum = value === null ? (below ?? null) : (below ?? 0) + value;
      sums[index] = sum;
      return sum;
    }),
  );
};
