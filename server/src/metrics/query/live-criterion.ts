import { endpointMatcher } from "@load-manager/contract/criteria/endpoint-pattern.ts";
import { type Expression, unitOf } from "@load-manager/contract/criteria/expression.ts";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import type { Criterion, LiveCriterion } from "@load-manager/contract/model/criterion.ts";
import type { CriterionBreach } from "../../runs/domain/observation.ts";
import { turningDoubt } from "../../runs/domain/criteria/doubts.ts";
import { type Figures, NO_DOUBTS } from "../../runs/domain/criteria/figures.ts";
import { createEveryJudge } from "../../runs/domain/criteria/judge-window.ts";
import { judgeFigures, type Judged } from "../../runs/domain/criteria/judge-figures.ts";
import { expressionOf } from "../../runs/domain/criteria/run-verdict.ts";
import { addTotals, emptyTotals, exactly, type Totals } from "../codec/totals.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import type { ResolvedLimit } from "./baseline.ts";
import { figuresOf } from "./criterion-figures.ts";
import { hasEndpoint } from "./criterion-windows.ts";
import type { Second } from "./second-reader.ts";
import { createSecondsWindow } from "./seconds-window.ts";

type State = LiveCriterion["state"];

/** How figures stand. While the load lasts, a count that rises may still reach its limit. */
const stateOf = (judged: Judged, figures: Figures, isOver: boolean): State => {
  const outcome = judgeFigures(judged, figures);
  if (outcome.verdict === "inconclusive") return "waits";
  if (outcome.verdict === "passed") return "holds";
  const soFar = { ...NO_DOUBTS, isCutShort: true };
  const canTurn = !isOver && turningDoubt(judged, "failed", figures, soFar) !== undefined;
  return canTurn ? "waits" : "violated";
};

/** `over run` in so many words: such a criterion may end the run before its load is steady. */
const namesRun = ({ expression }: Criterion): boolean => {
  const parsed = parseExpression(expression);
  return parsed.ok && parsed.hasWindow && parsed.expression.window.kind === "run";
};

/** Adds up the endpoints of a pattern; the names of a run become more. */
export const createMatched = (endpoints: string | undefined) => {
  const matches = endpoints === undefined ? () => true : endpointMatcher(endpoints);
  const known = new Map<string, boolean>();
  return (totals: ReadonlyMap<string, Totals>, { names }: RunAggregate): Totals | undefined => {
    const matched = [...totals].filter(([id]) => {
      const name = names.get(id);
      const isMatch =
        known.get(id) ?? (name === undefined ? endpoints === undefined : matches(name));
      if (name !== undefined) known.set(id, isMatch);
      return isMatch;
    });
    const [only, ...more] = matched;
    if (only === undefined || more.length === 0) return only?.[1];
    const sum = emptyTotals();
    for (const [, one] of matched) addTotals(sum, one);
    return sum;
  };
};

/** Whether a second counts; `start` is the first second of the load. */
const counts = (
  { window }: Expression,
  at: number,
  start: number,
  { isSteady }: Second,
): boolean => {
  if (window.kind === "steady") return isSteady;
  if (window.kind !== "between") return true;
  return at >= start + window.fromSeconds && at < start + window.toSeconds;
};

const lengthOf = ({ window }: Expression): number | undefined =>
  window.kind === "last" || window.kind === "every" ? window.seconds : undefined;

/** The state of one criterion while its run lasts: one window that grows or moves, second by second. */
export const createLiveCriterion = (criterion: Criterion, compared: ResolvedLimit) => {
  const expression = expressionOf(criterion);
  const { metric, window: kind } = expression;
  const { limit } = compared;
  const judged =
    compared.limit === null
      ? undefined
      : { metric, operator: compared.operator, limit: compared.limit };
  const length = lengthOf(expression);
  const window = createSecondsWindow(length);
  const every =
    kind.kind === "every" && judged !== undefined ? createEveryJudge(judged) : undefined;
  const mayEndAnywhere = namesRun(criterion);
  let figures: Figures | undefined;
  let isKnown = false;
  let [steadySince, violatedSince, newest]: (number | undefined)[] = [];

  /** `matched`: the totals of the criterion's endpoints. */
  const push = (
    at: number,
    start: number,
    second: Second & { readonly matched: Totals | undefined },
    runAggregate: RunAggregate,
  ): void => {
    newest = at;
    if (second.isSteady) steadySince ??= at;
    if (!counts(expression, at, start, second)) return;
    window.push(at, { ...second, totals: second.matched });
    if (length !== undefined && window.seconds() < length) return;
    const measured = window.measured(metric, runAggregate);
    isKnown ||= hasEndpoint(expression.endpoints, runAggregate);
    figures = figuresOf(metric, limit, measured, { ...window.beside(), isKnown });
    if (judged === undefined) return;
    if (every !== undefined) {
      const times = { fromMs: (at - (length ?? 0) + 1) * 1000, toMs: (at + 1) * 1000 };
      every.add(times, figures, NO_DOUBTS);
    }
    const isViolated = stateOf(judged, figures, false) === "violated";
    violatedSince = isViolated ? (violatedSince ?? at) : undefined;
  };

  /** Of `in every` all windows so far count. */
  const state = (isOver: boolean): State => {
    if (judged === undefined || figures === undefined) return "waits";
    const isViolated = (every?.finish(false).windows.violated ?? 0) > 0;
    if (isViolated) return "violated";
    const current = stateOf(judged, figures, isOver);
    const hasDecided = (every?.finish(false).windows.decided ?? 0) > 0;
    return current === "waits" && hasDecided ? "holds" : current;
  };

  return {
    endpoints: expression.endpoints,
    push,
    live: (isOver: boolean): LiveCriterion => ({
      ...criterion,
      state: state(isOver),
      observed: figures?.observed ?? null,
      limit,
      unit: unitOf(metric),
      ...(compared.limit === null || compared.baseline === undefined
        ? {}
        : { baseline: compared.baseline }),
      requests: figures === undefined ? null : exactly(figures.requests),
      ...(violatedSince === undefined ? {} : { violatedSince: violatedSince * 1000 }),
    }),
    /** Where it has been violated for its time, since the load is steady at the earliest. */
    breach: (): CriterionBreach | undefined => {
      const { id, expression: text, abort } = criterion;
      const begun = mayEndAnywhere ? 0 : steadySince;
      if (abort === undefined || limit === null || newest === undefined) return undefined;
      if (violatedSince === undefined || begun === undefined) return undefined;
      const [fromMs, toMs] = [Math.max(violatedSince, begun) * 1000, (newest + 1) * 1000];
      if (toMs - fromMs < abort.afterSeconds * 1000) return undefined;
      return { id, expression: text, observed: figures?.observed ?? 0, limit, fromMs, toMs };
    },
  };
};
