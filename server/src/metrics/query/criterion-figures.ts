import { type Metric, shareOf } from "@load-manager/contract/criteria/expression.ts";
import type { Figures } from "../../runs/domain/criteria/figures.ts";
import { percentile, valuesAbove } from "../codec/histogram.ts";
import { errorRate, type View } from "../codec/stats.ts";
import { isExact } from "../codec/totals.ts";

/** What was measured in a window, or in a part of it: the requests that match, and what the run as a whole has. */
export type Measured = {
  readonly view: View;
  /** Requests per second; null without load time. */
  readonly rate: number | null;
  /** The length that the rate is made of, in seconds. */
  readonly seconds: number;
  /** The most users of any second; null where they are unknown. */
  readonly users: number | null;
  /** Null: unknown. */
  readonly exceptions: number | null;
  readonly workerCpu: number | null;
};

const exactOrNull = (count: number): number | null => (isExact(count) ? count : null);

/** The figure of a metric in its unit; null where it is unknown. */
export const observedOf = (metric: Metric, measured: Measured): number | null => {
  const { view } = measured;
  const share = shareOf(metric);
  if (share !== undefined) return percentile(view.histogram, share * 100, view.bounds);
  switch (metric) {
    case "avg":
      return view.avgMs;
    case "min":
      return view.minMs;
    case "max":
      return view.maxMs;
    case "errorRate":
      return errorRate(view.requests, view.failures);
    case "failures":
      return exactOrNull(view.failures);
    case "requests":
      return exactOrNull(view.requests);
    case "rps":
      return measured.rate;
    case "users":
      return measured.users;
    case "exceptions":
      return measured.exceptions;
    default:
      return measured.workerCpu;
  }
};

/** How many values of a part count, and how many of them are above the limit, or failed. */
const blockOf = (metric: Metric, limit: number, { view }: Measured): Figures["blocks"][number] =>
  metric === "errorRate"
    ? { n: view.requests, k: view.failures }
    : {
        n: view.histogram.total,
        k: view.histogram.total === 0 ? 0 : valuesAbove(view.histogram, limit, view.bounds),
      };

/**
 * The figures of a metric in a window. `limit`: null where the criterion has no number to compare with. `parts`: the window
 * in pieces. `locust`: Locust's own percentile, where single times are not known.
 */
export const figuresOf = (
  metric: Metric,
  limit: number | null,
  measured: Measured,
  beside: {
    readonly parts: readonly Measured[];
    readonly busiestRate: number;
    /** Whether any second of the run has a request that matches. */
    readonly isKnown: boolean;
    readonly locust?: number | null;
  },
): Figures => {
  const { parts, busiestRate, isKnown, locust = null } = beside;
  const { view, seconds } = measured;
  const isPercentile = shareOf(metric) !== undefined;
  const hasTimes = isPercentile && view.histogram.total > 0 && limit !== null;
  const hasBlocks = limit !== null && (hasTimes || metric === "errorRate");
  return {
    observed: observedOf(metric, measured) ?? (isPercentile ? locust : null),
    requests: view.requests,
    failures: view.failures,
    isKnown: isKnown || view.requests > 0,
    timed: isPercentile ? view.histogram.total : view.timed,
    sumMs: (view.avgMs ?? 0) * view.timed,
    above: hasTimes ? valuesAbove(view.histogram, limit, view.bounds) : undefined,
    seconds,
    busiestRate,
    blocks: hasBlocks ? parts.map((part) => blockOf(metric, limit, part)) : [],
  };
};
