import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { isCutShort, verdictFields } from "../../runs/domain/criteria/run-verdict.ts";
import { exactly } from "../codec/totals.ts";
import { judgeEveryWindow } from "./criteria-every.ts";
import {
  type JudgedFigure,
  judgeWhole,
  type Numeric,
  type Situation,
  timesOf,
} from "./criteria-whole.ts";
import { createDoubtsOf } from "./criterion-doubts.ts";
import { hasEndpoint, placeOf, selectionOf } from "./criterion-windows.ts";
import type { createSummary } from "./summary.ts";
import type { QueryDeps, WindowReader } from "./window.ts";

/** Judges a criterion over every window of `length` seconds. */
const judgeEvery = async (
  situation: Situation,
  { metric, operator, endpoints, limit }: Numeric,
  length: number,
): Promise<Partial<CriterionVerdict>> => {
  const { run, runAggregate, loadTime, doubtsOf, deps } = situation;
  const judged = await judgeEveryWindow(deps, {
    run,
    runAggregate,
    judged: { metric, operator, limit },
    selection: selectionOf(endpoints, runAggregate),
    isKnown: hasEndpoint(endpoints, runAggregate),
    length,
    first: Math.ceil(loadTime.fromMs / 1000),
    last: Math.floor(loadTime.toMs / 1000) - 1,
    isCutShort: isCutShort(run, loadTime.toMs - loadTime.fromMs),
    doubtsOf: (fromMs, toMs) => doubtsOf({ kind: "every", fromMs, toMs, isBeyondLoad: false }),
  });
  if (judged === undefined)
    return verdictFields({ verdict: "inconclusive", code: "incomplete" }, null);
  const { verdict, windows, first, worst } = judged;
  return {
    ...verdictFields(verdict, worst?.requests ?? null),
    observed: worst?.observed ?? null,
    requests: worst === undefined ? null : exactly(worst.requests),
    windows,
    ...(first === undefined ? {} : { firstViolation: timesOf(first) }),
    ...(worst === undefined ? {} : { worstWindow: timesOf(worst) }),
  };
};

/** Judges an expression over its window in a run that has ended and had load. */
export const judgeExpression = async (
  situation: Situation,
  expression: Numeric,
): Promise<JudgedFigure> => {
  const { window } = expression;
  if (window.kind === "every")
    return { fields: await judgeEvery(situation, expression, window.seconds), error: () => 0 };
  return judgeWhole(situation, expression, placeOf(window, situation.loadTime));
};

/** Reads what is known of an ended run as a whole. */
export const createSituations =
  (
    deps: QueryDeps,
    readWindow: WindowReader,
    situationOf: ReturnType<typeof createSummary>["situation"],
  ) =>
  async (run: LoadTestRun) => {
    const { summary, findings, whole } = await situationOf(run);
    const { runAggregate, loadTime } = whole;
    const doubtsOf = createDoubtsOf(run, { findings, summary, runAggregate, loadTime });
    const readings: Situation["readings"] = new Map();
    const situation = { run, runAggregate, loadTime, doubtsOf, deps, readWindow, readings };
    return { situation, summary };
  };
export type Situations = ReturnType<typeof createSituations>;
