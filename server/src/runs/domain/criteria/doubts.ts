import { type Metric, shareOf } from "@load-manager/contract/criteria/expression.ts";
import type { VerdictReason } from "@load-manager/contract/model/criterion.ts";
import { isLowerLimit, isUpperLimit } from "./comparison.ts";
import { type Doubts, type Figures, mostLost } from "./figures.ts";
import { judgeCounts, judgeFigures, type Judged } from "./judge-figures.ts";

/** Metrics that a doubt touches in the same way. */
type Group = "times" | "min" | "max" | "errorRate" | "counts" | "rps" | "users" | "workerCpu";
/** The metrics of each group, as the documentation names them. */
export const GROUPS: Readonly<Record<Group, string>> = {
  times: "avg, percentiles",
  min: "min",
  max: "max",
  errorRate: "errorRate",
  counts: "failures, requests, exceptions",
  rps: "rps",
  users: "users",
  workerCpu: "workerCpu",
};

/**
 * What the figure would be without the doubt: `higher` or `lower` than it is, or `either`; `same`: the doubt does not touch
 * it. `passed`: what was seen failed or not, and the rest could still have failed. `counted`: as far as the requests that
 * are missing can change it.
 */
type Effect = "same" | "higher" | "lower" | "either" | "passed" | "counted";

type DoubtCode = Extract<
  VerdictReason,
  "could_not_run" | "incomplete" | "generator_saturated" | "load_not_reached" | "cut_short"
>;

/** What each doubt does to the figures of each group; docs/criteria.md has the same table. The first that turns a verdict is its reason. */
export const DOUBTS: Readonly<Record<DoubtCode, Readonly<Record<Group, Effect>>>> = {
  could_not_run: {
    times: "either",
    min: "either",
    max: "either",
    errorRate: "either",
    counts: "either",
    rps: "either",
    users: "either",
    workerCpu: "either",
  },
  incomplete: {
    times: "counted",
    min: "lower",
    max: "higher",
    errorRate: "counted",
    counts: "counted",
    rps: "counted",
    users: "higher",
    workerCpu: "either",
  },
  // Its own waiting is in the response times, and a slower generator puts less pressure on the target.
  generator_saturated: {
    times: "either",
    min: "either",
    max: "either",
    errorRate: "higher",
    counts: "higher",
    rps: "higher",
    users: "same",
    workerCpu: "same",
  },
  load_not_reached: {
    times: "higher",
    min: "higher",
    max: "higher",
    errorRate: "higher",
    counts: "higher",
    rps: "higher",
    users: "same",
    workerCpu: "higher",
  },
  cut_short: {
    times: "passed",
    min: "lower",
    max: "higher",
    errorRate: "passed",
    counts: "higher",
    rps: "passed",
    users: "higher",
    workerCpu: "passed",
  },
};

const groupOf = (metric: Metric): Group => {
  if (metric === "avg" || shareOf(metric) !== undefined) return "times";
  if (metric === "failures" || metric === "requests" || metric === "exceptions") return "counts";
  return metric as Group;
};

type Decided = "passed" | "failed";

/** Whether a figure above (or, mirrored, below) the observed one would have the other verdict. */
const couldTurn = (
  { operator, limit }: Judged,
  verdict: Decided,
  observed: number,
  direction: "higher" | "lower",
): boolean => {
  const isUpper = direction === "higher" ? isUpperLimit(operator) : isLowerLimit(operator);
  const isLower = direction === "higher" ? isLowerLimit(operator) : isUpperLimit(operator);
  if (isUpper) return verdict === "passed";
  if (isLower) return verdict === "failed";
  // `=` and `!=`: what has gone past the limit does not come back.
  return direction === "higher" ? observed <= limit : observed >= limit;
};

/** The verdict of the figures with `lost` requests more, none of them above the limit or failed, or all of them. */
const verdictWith = (judged: Judged, figures: Figures, lost: number, isBad: boolean): string => {
  const share = shareOf(judged.metric);
  const { timed, above = 0, requests, failures, sumMs, seconds } = figures;
  if (share !== undefined) {
    if (!isUpperLimit(judged.operator) && !isLowerLimit(judged.operator)) return "unknown";
    const counts = { n: timed + lost, k: above + (isBad ? lost : 0), effect: 1 };
    return judgeCounts(judged, share, counts).verdict;
  }
  const more = { requests: requests + lost, timed: timed + lost };
  const observedWith: Partial<Record<Metric, number>> = {
    avg: isBad ? Number.POSITIVE_INFINITY : sumMs / (timed + lost),
    errorRate: (100 * (failures + (isBad ? lost : 0))) / (requests + lost),
    failures: failures + (isBad ? lost : 0),
    requests: requests + (isBad ? lost : 0),
    // How many exceptions a lost second had is not bounded by its requests.
    exceptions: isBad ? Number.POSITIVE_INFINITY : (figures.observed ?? 0),
    rps: seconds > 0 ? (figures.observed ?? 0) + (isBad ? lost / seconds : 0) : Number.NaN,
  };
  const observed = observedWith[judged.metric] ?? Number.NaN;
  return judgeFigures(judged, { ...figures, ...more, observed, blocks: [] }).verdict;
};

const couldTurnByLost = (
  judged: Judged,
  verdict: Decided,
  figures: Figures,
  lost: number,
): boolean => {
  if (!Number.isFinite(lost) && groupOf(judged.metric) !== "counts") return true;
  return [false, true].some((isBad) => verdictWith(judged, figures, lost, isBad) !== verdict);
};

const isThere = (code: DoubtCode, doubts: Doubts, lost: number): boolean => {
  switch (code) {
    case "could_not_run":
      return doubts.couldNotRun;
    case "incomplete":
      return lost > 0 || doubts.lostSeconds > 0;
    case "generator_saturated":
      return doubts.isSaturated;
    case "load_not_reached":
      return doubts.isLoadNotReached;
    case "cut_short":
      return doubts.isCutShort;
  }
};

/** The doubt that could turn a verdict of the figures; `undefined`: it stands. */
export const turningDoubt = (
  judged: Judged,
  verdict: Decided,
  figures: Figures,
  doubts: Doubts,
): DoubtCode | undefined => {
  const observed = figures.observed ?? 0;
  const lost = mostLost(figures, doubts);
  const turns = (effect: Effect): boolean => {
    if (effect === "same" || effect === "either") return effect === "either";
    if (effect === "passed") return verdict === "passed";
    if (effect === "counted") return couldTurnByLost(judged, verdict, figures, lost);
    return couldTurn(judged, verdict, observed, effect);
  };
  const codes = Object.keys(DOUBTS) as DoubtCode[];
  return codes.find(
    (code) => isThere(code, doubts, lost) && turns(DOUBTS[code][groupOf(judged.metric)]),
  );
};
