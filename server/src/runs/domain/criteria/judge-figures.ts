import { type Expression, shareOf } from "@load-manager/contract/criteria/expression.ts";
import {
  designEffect,
  intervalContains,
  probabilityAtLeast,
  probabilityAtMost,
} from "./binomial.ts";
import { holds, isLowerLimit, isUpperLimit } from "./comparison.ts";
import type { Figures } from "./figures.ts";

/** A criterion whose limit is a number. */
export type Judged = Pick<Expression, "metric" | "operator"> & {
  readonly limit: number;
  /** Of `errorRate`: a window with fewer requests decides nothing. Default: 20. */
  readonly leastRequests?: number;
};

/** What the figures alone say. */
export type Outcome =
  | { readonly verdict: "passed" | "failed"; readonly close: boolean }
  | { readonly verdict: "inconclusive"; readonly code: "no_data" }
  | {
      readonly verdict: "inconclusive";
      readonly code: "few_values";
      readonly requestsNeeded: number;
    };

/** A window with fewer requests decides nothing. */
const LEAST_REQUESTS = 20;
/** A percentile is decided by its figure where so many values are expected on its far side. */
const LEAST_TAIL = 10;
/** One-sided; a smaller probability proves the opposite. */
const LEVEL = 0.05;
/** Locust rounds the response times of its own percentiles to two digits. */
const LOCUST_ROUNDING = 0.05;

const NO_DATA: Outcome = { verdict: "inconclusive", code: "no_data" };
const fewValues = (requestsNeeded: number): Outcome => ({
  verdict: "inconclusive",
  code: "few_values",
  requestsNeeded,
});
const decided = (isPassed: boolean, close: boolean): Outcome => ({
  verdict: isPassed ? "passed" : "failed",
  close,
});

/** The share beyond a percentile, which has at most five decimals. */
const tailOf = (share: number): number => Math.round((1 - share) * 1e5) / 1e5;

/** The number of requests with which the figure of a percentile decides. */
const requestsNeeded = (share: number): number => {
  const rarer = Math.min(tailOf(share), 1 - tailOf(share));
  return Math.max(LEAST_REQUESTS, Math.ceil(LEAST_TAIL / rarer - 1e-6));
};

/** Too few values for the figure: the number above the limit may prove one side or the other all the same. */
const proven = ({ operator }: Judged, n: number, k: number, tail: number): Outcome | undefined => {
  const isAbove = probabilityAtLeast(k, n, tail) <= LEVEL;
  const isBelow = probabilityAtMost(k, n, tail) <= LEVEL;
  if (isUpperLimit(operator) && (isAbove || isBelow)) return decided(isBelow, false);
  if (isLowerLimit(operator) && (isAbove || isBelow)) return decided(isAbove, false);
  return undefined;
};

/**
 * A percentile of which n response times are known, k of them above the limit. Without `observed` only the numbers speak.
 * `effect`: the design effect of the blocks.
 */
export const judgeCounts = (
  judged: Judged,
  share: number,
  counts: {
    readonly n: number;
    readonly k: number;
    readonly observed?: number;
    readonly effect: number;
  },
): Outcome => {
  const { n, k, observed, effect } = counts;
  const tail = tailOf(share);
  const needed = requestsNeeded(share);
  if (n < LEAST_REQUESTS) return fewValues(needed);
  if (n < needed) return proven(judged, n, k, tail) ?? fewValues(needed);
  const close = intervalContains(k / effect, n / effect, tail);
  if (observed !== undefined) return decided(holds(judged.operator, observed, judged.limit), close);
  const isBelow = k <= n * tail;
  return decided(isUpperLimit(judged.operator) ? isBelow : !isBelow, close);
};

const judgePercentile = (judged: Judged, share: number, figures: Figures): Outcome => {
  const { observed, above, timed, requests, blocks } = figures;
  if (observed === null) return NO_DATA;
  if (above !== undefined) {
    const effect = designEffect(blocks);
    return judgeCounts(judged, share, { n: timed, k: above, observed, effect });
  }
  // Locust's own percentile, of which single times are not known.
  if (requests < requestsNeeded(share)) return fewValues(requestsNeeded(share));
  const distance = Math.abs(observed - judged.limit);
  const isClose = distance <= LOCUST_ROUNDING * judged.limit;
  return decided(holds(judged.operator, observed, judged.limit), isClose);
};

const judgeErrorRate = (judged: Judged, figures: Figures, observed: number): Outcome => {
  const { requests, failures, blocks } = figures;
  const { leastRequests = LEAST_REQUESTS } = judged;
  if (requests < leastRequests) return fewValues(leastRequests);
  const isHeld = holds(judged.operator, observed, judged.limit);
  const effect = designEffect(blocks);
  const isClose =
    failures > 0 && intervalContains(failures / effect, requests / effect, judged.limit / 100);
  return decided(isHeld, isClose);
};

/**
 * Judges by the figures alone, as if nothing was doubtful. Response times and shares need 20 requests, percentiles enough
 * values beyond them; a count or rate is decided by its figure, since a small number may be just what it looks for.
 */
export const judgeFigures = (judged: Judged, figures: Figures): Outcome => {
  const { observed, isKnown, timed } = figures;
  const { metric, operator, limit } = judged;
  const share = shareOf(metric);
  if (share !== undefined) return judgePercentile(judged, share, figures);
  if (observed === null) return NO_DATA;
  switch (metric) {
    case "errorRate":
      return judgeErrorRate(judged, figures, observed);
    case "avg":
    case "min":
    case "max":
      if (timed < LEAST_REQUESTS) return fewValues(LEAST_REQUESTS);
      return decided(holds(operator, observed, limit), false);
    case "requests":
    case "failures":
    case "rps":
      return isKnown ? decided(holds(operator, observed, limit), false) : NO_DATA;
    default:
      return decided(holds(operator, observed, limit), false);
  }
};
