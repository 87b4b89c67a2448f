import { type Expression, unitOf } from "@load-manager/contract/criteria/expression.ts";
import type { Criterion, CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import {
  expressionOf,
  isCutShort,
  undecided,
  verdictFields,
} from "../../runs/domain/criteria/run-verdict.ts";
import { exactly } from "../codec/totals.ts";
import { judgeEveryWindow } from "./criteria-every.ts";
import { judgeWhole, type Situation, timesOf } from "./criteria-whole.ts";
import { createDoubtsOf } from "./criterion-doubts.ts";
import { placeOf, selectionOf } from "./criterion-windows.ts";
import type { createSummary } from "./summary.ts";
import type { QueryDeps, WindowReader } from "./window.ts";

/** Judges a criterion over every window of `length` seconds. */
const judgeEvery = async (
  situation: Situation,
  { metric, operator, endpoints, limit }: Expression,
  length: number,
): Promise<Partial<CriterionVerdict>> => {
  const { run, runAggregate, loadTime, doubtsOf, deps } = situation;
  if (limit.kind === "baseline")
    return verdictFields({ verdict: "inconclusive", code: "no_baseline" }, null);
  const judged = await judgeEveryWindow(deps, {
    run,
    runAggregate,
    judged: { metric, operator, limit: limit.value },
    selection: selectionOf(endpoints, runAggregate),
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

const judge = async (situation: Situation, criterion: Criterion): Promise<CriterionVerdict> => {
  const { loadTime } = situation;
  const expression = expressionOf(criterion);
  const { window, metric, limit } = expression;
  const place = placeOf(window, loadTime);
  const { couldNotRun } = situation.doubtsOf(place);
  const hasLoad = loadTime.toMs > loadTime.fromMs;
  if (!hasLoad || (couldNotRun && window.kind === "every"))
    return undecided(criterion, couldNotRun ? "could_not_run" : "no_data");
  return {
    ...criterion,
    verdict: "inconclusive",
    observed: null,
    requests: null,
    ...(window.kind === "every"
      ? await judgeEvery(situation, expression, window.seconds)
      : await judgeWhole(situation, expression, place)),
    limit: limit.kind === "value" ? limit.value : null,
    unit: unitOf(metric),
    window: { from: place.fromMs, to: place.toMs },
  };
};

/** Judges criteria over the metrics of a run that has ended. */
export const createCriteria =
  (
    deps: QueryDeps,
    readWindow: WindowReader,
    situationOf: ReturnType<typeof createSummary>["situation"],
  ) =>
  async (run: LoadTestRun, criteria: readonly Criterion[]): Promise<CriterionVerdict[]> => {
    if (criteria.length === 0) return [];
    const { summary, findings, whole } = await situationOf(run);
    const { runAggregate, loadTime } = whole;
    const doubtsOf = createDoubtsOf(run, { findings, summary, runAggregate, loadTime });
    const readings: Situation["readings"] = new Map();
    const situation = { run, runAggregate, loadTime, doubtsOf, deps, readWindow, readings };
    const verdicts: CriterionVerdict[] = [];
    for (const criterion of criteria) verdicts.push(await judge(situation, criterion));
    return verdicts;
  };
