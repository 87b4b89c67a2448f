import { z } from "zod";
import { BaselineFigure } from "./baseline.ts";
import { Id, Time } from "./primitives.ts";
import { nullableNumber } from "./stats.ts";

export const Verdict = z.enum(["passed", "failed", "inconclusive", "none"]);
export type Verdict = z.output<typeof Verdict>;

export const Severity = z.enum(["fail", "warn"]);

/** One condition of a run, as stored. */
export const Criterion = z.object({
  id: Id.describe(
    "The id of the criterion within its load test or run; the server makes it where it is absent.",
  ),
  name: z.string().optional().describe("The name of the criterion, for people."),
  expression: z
    .string()
    .describe(
      "What must hold, such as p95(POST /checkout) < 500 ms over steady; docs/criteria.md has the grammar.",
    ),
  abort: z
    .object({
      afterSeconds: z.int().describe("How long it must be violated without a break, in seconds."),
    })
    .optional()
    .describe(
      "Ends the run as Stopped where the criterion is violated for so long; absent: never.",
    ),
  severity: Severity.describe(
    "Whether the run fails with the criterion (fail), or is only warned of (warn).",
  ),
});
export type Criterion = z.output<typeof Criterion>;

/** Why a criterion is inconclusive, with the meaning. docs/criteria.md says what to do. */
export const VERDICT_REASONS = {
  no_data: "No request matched, or the figure is not measured in this run.",
  few_values: "Too few requests for the figure to decide.",
  incomplete: "Metrics are missing that could change the verdict.",
  generator_saturated: "A process of Locust used 90 % of its CPU core or more.",
  load_not_reached: "Fewer than 90 % of the users ran that were commanded.",
  cut_short: "The load ended before its time.",
  could_not_run: "The run could not run.",
  no_baseline: "There is no run to compare with.",
} as const satisfies Record<string, string>;
export const VerdictReason = z.enum(Object.keys(VERDICT_REASONS) as [keyof typeof VERDICT_REASONS]);
export type VerdictReason = z.output<typeof VerdictReason>;

const windowTimes = {
  from: Time.describe("When the window begins."),
  to: Time.describe("When the window ends."),
};
const observed = nullableNumber.describe(
  "The figure, in the unit of the criterion; null where it is not known.",
);
const requests = z
  .int()
  .nullable()
  .describe("The number of requests that matched in the window; null where it is unknown.");
const baseline = BaselineFigure.optional().describe(
  "What it is compared with where its limit is a multiple of the baseline; absent otherwise.",
);
const ofOneWindow = { ...windowTimes, observed, requests };

/** How a criterion stands while the run lasts. */
export const LiveCriterion = Criterion.extend({
  state: z
    .enum(["holds", "violated", "waits"])
    .describe(
      "Whether it holds so far; waits while there are too few values, the window has not begun, or a count can still be reached.",
    ),
  observed,
  limit: nullableNumber.describe(
    "The limit, in the unit of the criterion; null without a baseline.",
  ),
  unit: z.enum(["ms", "%", "/s", ""]).describe("The unit of figure and limit."),
  baseline,
  requests,
  violatedSince: Time.optional().describe(
    "Since when it has been violated without a break; absent while it is not.",
  ),
});
export type LiveCriterion = z.output<typeof LiveCriterion>;

/** What became of a criterion. */
export const CriterionVerdict = Criterion.extend({
  verdict: z
    .enum(["passed", "failed", "inconclusive"])
    .describe("Whether the criterion held; inconclusive where that cannot be known."),
  close: z
    .literal(true)
    .optional()
    .describe(
      "The limit lies within the 95 % interval of the figure, or of its difference from the baseline: another run may end otherwise.",
    ),
  observed,
  limit: nullableNumber.describe(
    "The limit, in the unit of the criterion; null without a baseline.",
  ),
  unit: z
    .enum(["ms", "%", "/s", ""])
    .describe("The unit of figure and limit: ms, percent, per second, or none of a count."),
  baseline,
  requests,
  window: z.object(windowTimes).optional().describe("What was judged; absent without load."),
  firstViolation: z
    .object(ofOneWindow)
    .optional()
    .describe(
      "The first part of the window in which the limit was violated; absent where none was.",
    ),
  worstWindow: z
    .object(ofOneWindow)
    .optional()
    .describe("With in every: the window with the worst figure."),
  windows: z
    .object({
      decided: z.int().describe("How many windows had enough values, and no doubt."),
      violated: z.int().describe("In how many of them the criterion did not hold."),
      total: z.int().describe("How many full windows there are."),
    })
    .optional()
    .describe("With in every: the number of windows."),
  reason: z
    .object({
      code: VerdictReason.describe("The reason as a stable word."),
      message: z.string().describe("The reason as a sentence."),
      requestsNeeded: z
        .int()
        .optional()
        .describe("With few_values: how many requests decide it for certain."),
    })
    .optional()
    .describe("Why the verdict is inconclusive; absent otherwise."),
});
export type CriterionVerdict = z.output<typeof CriterionVerdict>;
