const STEPS = [1, 1.5, 2, 3, 4, 5, 6, 8, 10];

/** The least round number that is at least `value`, for the top of an axis that starts at zero. */
export const niceTop = (value: number): number => {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = STEPS.find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return step * power;
};
