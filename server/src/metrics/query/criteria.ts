import { unitOf } from "@load-manager/contract/criteria/expression.ts";
import type { Criterion, CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { expressionOf, undecided, verdictFields } from "../../runs/domain/criteria/run-verdict.ts";
import { type LimitOf, type Limits, UNDECIDING } from "./baseline.ts";
import type { Situation } from "./criteria-whole.ts";
import { judgeExpression, type Situations } from "./criterion-judge.ts";
import { placeOf } from "./criterion-windows.ts";

/** The fields of a criterion that is judged by its limit, whatever that is. */
const fieldsOf = async (
  situation: Situation,
  criterion: Criterion,
  limitOf: LimitOf,
): Promise<Partial<CriterionVerdict>> => {
  const expression = expressionOf(criterion);
  const compared = await limitOf(expression);
  if (compared.limit === null) {
    // The figure is told all the same.
    const any = { ...expression, ...UNDECIDING };
    const { observed = null, requests = null } = (await judgeExpression(situation, any)).fields;
    const { couldNotRun } = situation.doubtsOf(placeOf(expression.window, situation.loadTime));
    const verdict = couldNotRun
      ? ({ verdict: "inconclusive", code: "could_not_run" } as const)
      : ({ verdict: "inconclusive", code: "no_baseline", message: compared.message } as const);
    return { observed, requests, limit: null, ...verdictFields(verdict, requests) };
  }
  const { limit, operator, baseline, isClose } = compared;
  const { fields, error } = await judgeExpression(situation, { ...expression, limit, operator });
  if (baseline === undefined) return { ...fields, limit };
  const { close: _, ...others } = fields;
  const value = fields.observed ?? null;
  const isDecided = fields.verdict !== "inconclusive" && value !== null;
  const close = isDecided && isClose({ value, error: error() }, fields.close === true);
  return { ...others, ...(close ? { close } : {}), limit, baseline };
};

const judge = async (
  situation: Situation,
  criterion: Criterion,
  limitOf: LimitOf,
): Promise<CriterionVerdict> => {
  const { loadTime } = situation;
  const { window, metric } = expressionOf(criterion);
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
    limit: null,
    ...(await fieldsOf(situation, criterion, limitOf)),
    unit: unitOf(metric),
    window: { from: place.fromMs, to: place.toMs },
  };
};

/** Judges criteria over the metrics of a run that has ended. */
export const createCriteria =
  (situate: Situations, limits: Limits) =>
  async (run: LoadTestRun, criteria: readonly Criterion[]): Promise<CriterionVerdict[]> => {
    if (criteria.length === 0) return [];
    const { situation } = await situate(run);
    const limitOf = limits(run);
    const verdicts: CriterionVerdict[] = [];
    for (const criterion of criteria) verdicts.push(await judge(situation, criterion, limitOf));
    return verdicts;
  };
