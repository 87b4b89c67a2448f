import type { Expression, Operator } from "@load-manager/contract/criteria/expression.ts";
import type { BaselineFigure } from "@load-manager/contract/model/baseline.ts";
import type { Criterion } from "@load-manager/contract/model/criterion.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import {
  baselineValue,
  type Comparison,
  isCloseToLimit,
  limitOfBaseline,
  mayBeZero,
  noisePercent,
  type RunFigure,
} from "../../runs/domain/criteria/baseline.ts";
import { isLowerLimit } from "../../runs/domain/criteria/comparison.ts";
import { expressionOf } from "../../runs/domain/criteria/run-verdict.ts";
import { countedFaults } from "../../runs/domain/criteria/comparable.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { type ComparableRuns, type Compared, createComparableRuns } from "./comparable-runs.ts";
import type { Numeric } from "./criteria-whole.ts";
import { judgeExpression, type Situations } from "./criterion-judge.ts";

/** What a criterion's figure is compared with; without a limit, why there is none. */
export type ResolvedLimit =
  | {
      readonly limit: number;
      readonly operator: Operator;
      readonly baseline?: BaselineFigure;
      /** Whether another run may end otherwise. `byFigure`: what the requests of the run alone say. */
      readonly isClose: (observed: RunFigure, byFigure: boolean) => boolean;
    }
  | { readonly limit: null; readonly message: string };

export type LimitOf = (expression: Expression) => Promise<ResolvedLimit>;
export type Limits = (run: LoadTestRun) => LimitOf;

/** A limit that every figure keeps. */
export const UNDECIDING = { operator: "<=", limit: 1e9 } as const;

/** The expression with a limit that every figure keeps, so that only what makes the figure unfit speaks against it. */
const withAnyLimit = (expression: Expression): Numeric => ({
  ...expression,
  ...(isLowerLimit(expression.operator) ? { operator: ">=" as const, limit: 0 } : UNDECIDING),
});

type Figure = RunFigure & { readonly run: LoadTestRun };

/** The figure of a run that others are compared with, or why it has none, in words. */
const figureOf = async (
  { situation }: Compared,
  expression: Expression,
): Promise<Figure | string> => {
  const { run } = situation;
  const { fields, error } = await judgeExpression(situation, withAnyLimit(expression));
  const value = fields.observed ?? null;
  if (fields.verdict !== "passed" || value === null)
    return fields.reason?.code === "few_values" ? "with too few requests" : "without the figure";
  if (value <= 0 && !mayBeZero(expression.metric)) return "with a figure of 0";
  return { run, value, error: error() };
};

const isFigure = (found: Figure | string): found is Figure => typeof found !== "string";

const figuresOf = async (runs: readonly Compared[], expression: Expression) => {
  const found: (Figure | string)[] = [];
  for (const run of runs) found.push(await figureOf(run, expression));
  return {
    figures: found.filter(isFigure),
    faults: found.filter((one) => !isFigure(one)) as string[],
  };
};

/** Why no run is left to compare with. */
const messageOf = (
  { pinned, faults: unfit }: ComparableRuns,
  withoutFigure: readonly string[],
): string => {
  const faults = [...unfit, ...withoutFigure];
  if (pinned !== undefined)
    return `The baseline, run ${pinned}, cannot be compared: it is one ${faults.join(" and ")}.`;
  if (faults.length === 0) return "No earlier run of the load test has ended.";
  return faults.length === 1
    ? `The only earlier run cannot be compared: it is one ${faults[0]}.`
    : `None of the ${faults.length} newest earlier runs can be compared: ${countedFaults(faults)}.`;
};

const resolved = (
  { metric, operator, limit }: Expression & { readonly limit: { readonly factor: number } },
  figures: readonly Figure[],
  noise: readonly Figure[],
): ResolvedLimit => {
  const value = baselineValue(metric, figures);
  const comparison: Comparison = { metric, factor: limit.factor, runs: figures, noise };
  const baseline: BaselineFigure = {
    value,
    runs: figures.map(({ run, value: of }) => ({
      id: run.id,
      ...(run.runNumber === undefined ? {} : { runNumber: run.runNumber }),
      value: of,
    })),
    noise: {
      percent: mayBeZero(metric) ? null : noisePercent(noise),
      runIds: noise.map(({ run }) => run.id),
    },
  };
  return {
    limit: limitOfBaseline(value, limit.factor),
    // No figure is below 0: of a baseline without a single failure, a run without one is as good.
    operator: value === 0 && operator === "<" ? "<=" : operator,
    baseline,
    isClose: (observed, byFigure) =>
      isCloseToLimit(comparison, observed) || (mayBeZero(metric) && byFigure),
  };
};

/** The limits of criteria, of which those that are multiples of the baseline are read once for each run that is judged. */
export const createBaseline = (
  runs: Pick<RunReader, "get" | "list">,
  situate: Situations,
): {
  readonly limits: Limits;
  /** Why a run that has ended cannot be the baseline of these criteria, after "it is one"; `undefined` where it can. */
  readonly baselineFault: (
    run: LoadTestRun,
    criteria: readonly Criterion[],
  ) => Promise<string | undefined>;
} => {
  const comparable = createComparableRuns(runs, situate);
  return {
    limits: (run) => {
      let finding: Promise<ComparableRuns> | undefined;
      return async (expression) => {
        const { limit, operator } = expression;
        if (limit.kind === "value")
          return { limit: limit.value, operator, isClose: (_, byFigure) => byFigure };
        if (run.baseline === undefined)
          return {
            limit: null,
            message: "The load test had no baseline when the run was created.",
          };
        const found = await (finding ??= comparable.of(run, run.baseline));
        const { figures, faults } = await figuresOf(found.runs, expression);
        if (figures.length === 0) return { limit: null, message: messageOf(found, faults) };
        const noise =
          found.noise === found.runs ? figures : (await figuresOf(found.noise, expression)).figures;
        return resolved({ ...expression, limit }, figures, noise);
      };
    },
    baselineFault: async (run, criteria) => {
      const compared = await comparable.check(run);
      if (typeof compared === "string") return compared;
      for (const criterion of criteria) {
        const expression = expressionOf(criterion);
        if (expression.limit.kind !== "baseline") continue;
        const figure = await figureOf(compared, expression);
        if (!isFigure(figure)) return `${figure}, for ${criterion.expression}`;
      }
      return undefined;
    },
  };
};
