import { type Metric } from "@load-manager/contract/criteria/expression.ts";
import { incompleteBeta } from "./incomplete-beta.ts";

/** What a run has of a metric. */
export type RunFigure = {
  /** In the unit of the metric; above 0 unless the metric may be 0. */
  readonly value: number;
  /** The standard error of its logarithm within the run: 0.02 is 2 %. 0 where that is unknown. */
  readonly error: number;
};

/** The noise from run to run that is assumed, as a standard deviation of logarithms, and how many runs this counts as. */
const ASSUMED_NOISE = 0.02;
const ASSUMED_RUNS = 8;
/** Two-sided. */
const LEVEL = 0.05;

/** Whether good runs have 0 of a metric, which has no logarithm. */
export const mayBeZero = (metric: Metric): boolean =>
  metric === "errorRate" || metric === "failures" || metric === "exceptions";

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** The sample variance; 0 of a single value. */
const variance = (values: readonly number[]): number => {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return values.length < 2 ? 0 : squares / (values.length - 1);
};

/** Without what floating point adds: five users are as many as five users. */
const rounded = (value: number): number => Number(value.toPrecision(12));

/** The figure of at least one run: the geometric mean, or, of what may be 0, the arithmetic one. */
export const baselineValue = (metric: Metric, figures: readonly RunFigure[]): number => {
  const values = figures.map(({ value }) => value);
  return rounded(mayBeZero(metric) ? mean(values) : Math.exp(mean(values.map(Math.log))));
};

/** A multiple of the baseline, in the unit of the metric. */
export const limitOfBaseline = (value: number, factor: number): number => rounded(factor * value);

/**
 * The variance of the logarithm of a figure from run to run, moderated by what is assumed (after Smyth, "Linear models and empirical
 * Bayes methods", 2004, with a fixed prior), so that one rule serves a single run and many. `within`: its part
 * that the runs' own errors explain. `degrees`: the degrees of freedom.
 */
const moderatedVariance = (figures: readonly RunFigure[]) => {
  const within = figures.length === 0 ? 0 : mean(figures.map(({ error }) => error ** 2));
  const seen = Math.max(0, figures.length - 1);
  const degrees = ASSUMED_RUNS + seen;
  const between = variance(figures.map(({ value }) => Math.log(value)));
  const assumed = ASSUMED_RUNS * (ASSUMED_NOISE ** 2 + within);
  return { within, degrees, total: (assumed + seen * between) / degrees };
};

/** The noise from run to run in percent, without what the runs' own errors explain. */
export const noisePercent = (figures: readonly RunFigure[]): number => {
  const { total, within } = moderatedVariance(figures);
  return 100 * Math.sqrt(Math.max(0, total - within));
};

/** P(|T| > t) of Student's distribution. */
export const studentTwoSided = (t: number, degrees: number): number =>
  incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);

/** Whether the 95 % interval of a difference contains 0; where nothing varies, none is near. */
const contains0 = (difference: number, standardError: number, degrees: number): boolean =>
  standardError > 0 && studentTwoSided(difference / standardError, degrees) > LEVEL;

export type Comparison = {
  readonly metric: Metric;
  readonly factor: number;
  /** The runs that the baseline is the mean of. */
  readonly runs: readonly RunFigure[];
  /** The runs that show the noise. */
  readonly noise: readonly RunFigure[];
};

/**
 * Whether the 95 % interval of a run's difference from its baseline contains the limit, so that another run may end
 * otherwise. Of figures that may be 0 at least three runs must show how they vary.
 */
export const isCloseToLimit = (
  { metric, factor, runs, noise }: Comparison,
  observed: RunFigure,
): boolean => {
  const limit = limitOfBaseline(baselineValue(metric, runs), factor);
  if (mayBeZero(metric)) {
    if (noise.length < 3) return false;
    const spread = variance(noise.map(({ value }) => value));
    const standardError = Math.sqrt(spread * (1 + factor ** 2 / runs.length));
    return contains0(observed.value - limit, standardError, noise.length - 1);
  }
  if (observed.value <= 0) return false;
  const { total, within, degrees } = moderatedVariance(noise);
  const own = Math.max(0, observed.error ** 2 - within);
  const standardError = Math.sqrt(total * (1 + 1 / runs.length) + own);
  return contains0(Math.log(observed.value / limit), standardError, degrees);
};
