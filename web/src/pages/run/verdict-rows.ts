import { formatFigure, formatSeconds } from "@load-manager/contract/criteria/format.ts";
import type { CriterionVerdict, LiveCriterion } from "@load-manager/contract/model/criterion.ts";
import { count, inUnit, limitInUnit } from "../../format/numbers.ts";
import { sinceStart } from "../../format/times.ts";
import { expressionOf } from "./criterion-place.ts";

type Judged = Pick<CriterionVerdict, "unit" | "observed"> & {
  readonly limit?: number | null | undefined;
};

/** A figure of a criterion with its unit; with more digits where it would read like the limit that it is not. */
export const observedText = ({ unit, observed, limit }: Judged): string => {
  const shown = inUnit(observed, unit);
  const readsLikeLimit = limit != null && observed !== limit && shown === inUnit(limit, unit);
  return readsLikeLimit && observed !== null ? formatFigure(observed, unit, limit) : shown;
};

/** A figure as a multiple of its limit, and in words. */
export type Margin = { readonly share: number; readonly text: string };

/** `undefined` where figure or limit is unknown, or nothing can be a multiple of it. */
export const marginOf = ({
  observed,
  limit,
}: Pick<CriterionVerdict, "observed" | "limit">): Margin | undefined => {
  if (observed === null || limit === null || limit <= 0) return undefined;
  const share = observed / limit;
  const percent = Math.round(Math.abs(share - 1) * 100);
  if (percent === 0) return { share, text: "at its limit" };
  if (share > 10) return { share, text: `${count(share)} times its limit` };
  return { share, text: `${percent} % ${share > 1 ? "above" : "below"}` };
};

const ORDER = ["failed", "inconclusive", "passed"] as const;

/** Failed first, then inconclusive; of each those that decide before those that only warn. */
export const inOrder = (criteria: readonly CriterionVerdict[]): CriterionVerdict[] =>
  criteria.toSorted(
    (a, b) =>
      ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict) ||
      Number(a.severity === "warn") - Number(b.severity === "warn"),
  );

/** Why a criterion has its verdict, as far as its figure does not say it. */
export const noteOf = (
  { reason, firstViolation, windows, close }: CriterionVerdict,
  loadStartMs: number,
): string => {
  const parts = [
    ...(reason === undefined ? [] : [reason.message]),
    ...(windows === undefined || windows.violated === 0
      ? []
      : [`${count(windows.violated)} of ${count(windows.decided)} windows.`]),
    ...(firstViolation === undefined
      ? []
      : [`First violated at ${sinceStart((firstViolation.from - loadStartMs) / 1000)}.`]),
    ...(close === true ? ["Close: another run may end otherwise."] : []),
  ];
  return parts.join(" ");
};

const METRICS: Readonly<Record<string, string>> = {
  avg: "the average response time",
  min: "the shortest response time",
  max: "the longest response time",
  errorRate: "the error rate",
  failures: "the number of failures",
  requests: "the number of requests",
  rps: "the request rate",
  users: "the number of users",
  exceptions: "the number of exceptions",
  workerCpu: "the CPU of a worker",
};
const LIMITS = {
  "<": "its limit is",
  "<=": "its limit is",
  ">": "it must be above",
  ">=": "it must be at least",
  "=": "it must be",
  "!=": "it must not be",
} as const;

/** `p95 of POST /checkout was 612 ms, its limit is 500 ms` */
const violationText = (one: CriterionVerdict): string => {
  const expression = expressionOf(one);
  if (expression === undefined || one.limit === null)
    return `${one.expression} does not hold, it was ${observedText(one)}`;
  const { metric, endpoints, operator, window } = expression;
  const of = endpoints === undefined ? "" : ` of ${endpoints}`;
  const inWorst = window.kind === "every" ? ` in its worst ${formatSeconds(window.seconds)}` : "";
  const figure = `${METRICS[metric] ?? metric}${of} was ${observedText(one)}${inWorst}`;
  return `${figure}, ${LIMITS[operator]} ${limitInUnit(one.limit, one.unit)}`;
};

/** The sentence of a run's verdict. */
export const sentenceOf = (
  verdict: "passed" | "failed" | "inconclusive",
  criteria: readonly CriterionVerdict[],
): string => {
  const deciding = criteria.filter((one) => one.severity === "fail");
  if (verdict === "passed") {
    if (deciding.length === 0) return "Passed: no criterion of severity fail.";
    return deciding.length === 1
      ? "Passed: its criterion holds."
      : `Passed: all ${deciding.length} criteria hold.`;
  }
  const of = deciding.filter((one) => one.verdict === verdict);
  const [first] = of;
  const more = of.length > 1 ? `, and ${of.length - 1} more` : "";
  if (first === undefined) return verdict === "failed" ? "Failed." : "Inconclusive.";
  return verdict === "failed"
    ? `Failed: ${violationText(first)}${more}.`
    : `Inconclusive: ${first.reason?.message ?? first.expression}${more === "" ? "" : ` And ${of.length - 1} more.`}`;
};

const LIVE_WORDS = { holds: "Holds", violated: "Violated", waits: "Waits" } as const;
export const liveWord = ({ state }: Pick<LiveCriterion, "state">): string => LIVE_WORDS[state];

export const liveSentence = (live: readonly LiveCriterion[]): string => {
  const violated = live.filter(({ state }) => state === "violated").length;
  if (violated === 0) return "Nothing is violated so far";
  return violated === 1 ? "One criterion is violated" : `${violated} criteria are violated`;
};
