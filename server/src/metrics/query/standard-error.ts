import { type Metric, shareOf } from "@load-manager/contract/criteria/expression.ts";
import { percentile, valuesAbove } from "../codec/histogram.ts";
import type { Measured } from "./criterion-figures.ts";

/** With fewer parts nothing is said. */
const LEAST_PARTS = 8;
/** The two-sided 95 % quantile of the normal distribution. */
const Z = 1.96;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** The variance of a sum, of what each of its parts has more or less than its share; these add up to 0. */
const varianceOfSum = (deviations: readonly number[]): number => {
  const squares = sumOf(deviations.map((deviation) => deviation ** 2));
  return (deviations.length / (deviations.length - 1)) * squares;
};

/** Of a percentile (Woodruff, "Confidence intervals for medians and other position measures", JASA 1952). */
const ofPercentile = (share: number, { view }: Measured, parts: readonly Measured[]): number => {
  const { histogram, bounds } = view;
  const n = histogram.total;
  const value = percentile(histogram, share * 100, bounds);
  if (n === 0 || value === null) return 0;
  const used = parts.filter((part) => part.view.histogram.total > 0);
  const above = used.map((part) => valuesAbove(part.view.histogram, value, part.view.bounds));
  const [allAbove, all] = [sumOf(above), sumOf(used.map((part) => part.view.histogram.total))];
  const deviations = used.map(
    (part, at) => (above[at] ?? 0) - (allAbove / all) * part.view.histogram.total,
  );
  const width = (Z * Math.sqrt(varianceOfSum(deviations))) / n;
  if (share - width <= 0 || share + width >= 1) return 0;
  const [low, high] = [share - width, share + width].map((at) =>
    percentile(histogram, at * 100, bounds),
  );
  return low == null || high == null || low <= 0 ? 0 : Math.log(high / low) / (2 * Z);
};

const ofMean = ({ view }: Measured, parts: readonly Measured[]): number => {
  const mean = view.avgMs ?? 0;
  if (mean <= 0 || view.timed === 0) return 0;
  const deviations = parts.map((part) => ((part.view.avgMs ?? 0) - mean) * part.view.timed);
  return Math.sqrt(varianceOfSum(deviations)) / (view.timed * mean);
};

/**
 * The standard error of the logarithm of a figure within a run, of the parts of its window, which may depend on each other from
 * second to second. 0 where it is unknown: with few parts, and of figures that are not averages of requests. Rates are among
 * these: they rise with the ramp in each run alike.
 */
export const standardErrorOf = (
  metric: Metric,
  measured: Measured,
  parts: readonly Measured[],
): number => {
  const share = shareOf(metric);
  if (parts.length < LEAST_PARTS || (share === undefined && metric !== "avg")) return 0;
  return share === undefined ? ofMean(measured, parts) : ofPercentile(share, measured, parts);
};
