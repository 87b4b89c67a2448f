import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { endpointMatcher } from "@load-manager/contract/criteria/endpoint-pattern.ts";
import type { Expression, Operator, Window } from "@load-manager/contract/criteria/expression.ts";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import type { CriterionVerdict, LiveCriterion } from "@load-manager/contract/model/criterion.ts";
import type { Limit } from "../../charts/limit.ts";
import type { Violation } from "../../charts/violation.ts";
import { inUnit, limitInUnit } from "../../format/numbers.ts";
import { duration, sinceStart } from "../../format/times.ts";
import type { RunSearch } from "./search.ts";
import type { RunView } from "./view.ts";
import { steadyPart } from "./window.ts";

/** A criterion of a run, judged or live. */
export type RunCriterion = CriterionVerdict | LiveCriterion;

/** In seconds since load start. */
export type Span = { readonly from: number; readonly to: number };

/** Which chart shows a metric; absent of counts, which add up. */
export type ChartOfMetric = "time" | "errorRate" | "rps" | "users" | "workerCpu";

export const expressionOf = ({ expression }: { readonly expression: string }) => {
  const parsed = parseExpression(expression);
  return parsed.ok ? parsed.expression : undefined;
};

export const chartOf = ({ metric }: Expression): ChartOfMetric | undefined => {
  switch (metric) {
    case "errorRate":
    case "rps":
    case "users":
    case "workerCpu":
      return metric;
    case "failures":
    case "requests":
    case "exceptions":
      return undefined;
    default:
      return "time";
  }
};

/** The field of a point of a chart; absent of what is no such field. */
export const fieldOf = (expression: Expression): string | undefined => {
  switch (chartOf(expression)) {
    case "time":
      return `${expression.metric}ResponseMs`;
    case "errorRate":
      return "errorRate";
    case "rps":
      return "totalRps";
    case "users":
      return "currentUsers";
    default:
      return undefined;
  }
};

/** On which side of the limit a criterion is violated; absent where it is on both. */
export const beyondOf = (operator: Operator): "above" | "below" | undefined => {
  if (operator === "<" || operator === "<=") return "above";
  return operator === ">" || operator === ">=" ? "below" : undefined;
};

/** The part of the load that a window is; `undefined` while there is none yet. */
export const spanOf = (
  window: Window,
  { run, loadSeconds }: Pick<RunView, "run" | "loadSeconds">,
): Span | undefined => {
  const whole = { from: 0, to: loadSeconds };
  switch (window.kind) {
    case "run":
      return whole;
    case "every":
      return loadSeconds < window.seconds ? undefined : whole;
    case "steady":
      return steadyPart(run, (run.loadStartedAt ?? 0) + loadSeconds * 1000);
    case "last":
      return loadSeconds < window.seconds
        ? undefined
        : { from: loadSeconds - window.seconds, to: loadSeconds };
    case "between":
      return loadSeconds < window.fromSeconds
        ? undefined
        : { from: window.fromSeconds, to: window.toSeconds };
  }
};

/** What the address says to show a window of a criterion. */
export const searchOfWindow = (
  window: Window,
  view: Pick<RunView, "run" | "loadSeconds">,
): Pick<RunSearch, "window" | "from" | "to"> => {
  if (window.kind === "run" || window.kind === "every") return {};
  if (window.kind === "steady") return { window: "steady" };
  const span = spanOf(window, view);
  if (span === undefined) return {};
  const { from, to } = span;
  return { from: Math.round(from) * 1000, to: Math.round(to) * 1000 };
};

/** `METHOD name` of the endpoints that a criterion is about; none where it is about all. */
export const endpointsOf = (
  { endpoints }: Expression,
  known: readonly { readonly method: string; readonly name: string }[],
): readonly string[] =>
  endpoints === undefined
    ? []
    : known.filter(endpointMatcher(endpoints)).map(({ method, name }) => `${method} ${name}`);

/** Whether a chart of these endpoints shows what the criterion is about. Several endpoints have a line each, and no sum. */
const isAbout = (
  expression: Expression,
  shown: readonly string[],
  known: readonly { readonly method: string; readonly name: string }[],
): boolean => {
  if (expression.endpoints === undefined) return shown.length === 0;
  const [only, ...others] = endpointsOf(expression, known);
  return only !== undefined && others.length === 0 && shown.length === 1 && shown[0] === only;
};

/** Users rise to what was asked for: a run is not to be blamed for its ramp. */
export const colouredSide = ({ metric, operator }: Expression): "above" | "below" | undefined => {
  const side = beyondOf(operator);
  return metric === "users" && side === "below" ? undefined : side;
};

/** What a criterion is called: `p95 of POST /checkout`. */
export const figureName = ({ metric, endpoints }: Expression): string =>
  endpoints === undefined ? metric : `${metric} of ${endpoints}`;

export const isViolated = (one: RunCriterion): boolean =>
  "state" in one ? one.state === "violated" : one.verdict === "failed";

/** More lines than these in one chart hide what they limit. */
const MOST_LIMITS = 3;
const SERIES: Readonly<Partial<Record<string, string>>> = {
  rps: "Requests/s",
  users: "Users",
};

/** The limits that belong into a chart of the stack, those that are violated first. */
export const limitsOf = (
  chart: ChartOfMetric,
  criteria: readonly RunCriterion[],
  view: RunView,
  known: readonly { readonly method: string; readonly name: string }[],
): readonly Limit[] =>
  criteria
    .toSorted((one, other) => Number(isViolated(other)) - Number(isViolated(one)))
    .flatMap((one): readonly Limit[] => {
      const expression = expressionOf(one);
      if (expression === undefined || one.limit === null || chartOf(expression) !== chart)
        return [];
      if (!isAbout(expression, view.endpoints, known)) return [];
      const { metric, operator, window } = expression;
      const span = spanOf(window, view);
      if (span === undefined) return [];
      return [
        {
          value: one.limit,
          label: `${metric} ${operator} ${limitInUnit(one.limit, one.unit)}`,
          series: SERIES[metric] ?? metric,
          beyond: colouredSide(expression),
          span,
          ...(chart === "users" ? { axis: "right" as const } : {}),
        },
      ];
    })
    .slice(0, MOST_LIMITS);

type Line = {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** How long each point is, in seconds. */
  readonly step: number;
};

/** From `start` on as long as the points after it lie beyond the limit; a gap ends it. */
export const stretchFrom = (
  { times, values, step }: Line,
  start: Span,
  isBeyond: (value: number) => boolean,
): Span => {
  let { to } = start;
  for (const [index, time] of times.entries()) {
    const value = values[index];
    if (time + step <= to) continue;
    if (value == null || !isBeyond(value)) break;
    to = time + step;
  }
  return { from: start.from, to };
};

const spanSince = (
  loadStartMs: number,
  { from, to }: { readonly from: number; readonly to: number },
): Span => ({ from: (from - loadStartMs) / 1000, to: (to - loadStartMs) / 1000 });

/** When the criterion was first violated and for how long, and its worst window. */
export const violationOf = (
  one: RunCriterion,
  line: Line,
  view: Pick<RunView, "run" | "loadStartMs" | "loadSeconds">,
): Violation | undefined => {
  const expression = expressionOf(one);
  if (expression === undefined || one.limit === null || !isViolated(one)) return undefined;
  const { loadStartMs, loadSeconds } = view;
  const { limit, unit } = one;
  const side = beyondOf(expression.operator);
  const isBeyond = (value: number): boolean =>
    side === "above" ? value >= limit : side === "below" ? value <= limit : false;
  const labelFrom = (at: number): string =>
    `${side === "below" ? "under" : "over"} ${limitInUnit(limit, unit)} from ${sinceStart(at)}`;
  if ("state" in one) {
    const since = ((one.violatedSince ?? loadStartMs) - loadStartMs) / 1000;
    // Metrics are steady up to a second before that is observed.
    const from = Math.max(since, spanOf(expression.window, view)?.from ?? 0);
    return { first: { from, to: loadSeconds, label: labelFrom(from) } };
  }
  const { firstViolation, worstWindow } = one;
  const first =
    firstViolation && stretchFrom(line, spanSince(loadStartMs, firstViolation), isBeyond);
  const worst = worstWindow && spanSince(loadStartMs, worstWindow);
  return {
    first: first && { ...first, label: labelFrom(first.from) },
    worst: worst && {
      ...worst,
      label: `worst ${duration((worst.to - worst.from) * 1000)}: ${inUnit(worstWindow?.observed ?? null, unit)}`,
    },
  };
};

/** The criterion whose chart is shown: the chosen one; else the first that is violated, or while the run lasts the first at all. */
export const shownCriterion = (
  criteria: readonly RunCriterion[],
  chosen: string | undefined,
  isLive: boolean,
): RunCriterion | undefined => {
  const drawn = criteria.filter((one) => {
    const expression = expressionOf(one);
    return one.limit !== null && expression !== undefined && chartOf(expression) !== undefined;
  });
  return (
    drawn.find(({ id }) => id === chosen) ??
    drawn.find(isViolated) ??
    (isLive ? drawn[0] : undefined)
  );
};

/** Whether a run has criteria at all. */
export const hasCriteria = ({ criteria }: Pick<RunAnswer, "criteria">): boolean =>
  (criteria ?? []).length > 0;
