import { z } from "zod";
import {
  faultOf,
  LONGEST_EVERY_SECONDS,
  LONGEST_SECONDS,
  type Metric,
  metricOf,
  NAMED_METRICS,
  OPERATORS,
} from "../criteria/expression.ts";
import { isEndpointPattern } from "../criteria/endpoint-pattern.ts";
import { faultMessage, LONGEST_TEXT, parseExpression } from "../criteria/parse.ts";
import { Criterion, CriterionVerdict, LiveCriterion, Severity } from "../model/criterion.ts";
import { describedLike, DurationSeconds, RunId, Name } from "../model/primitives.ts";
import { LoadTestRun } from "../model/run.ts";

const MOST_CRITERIA = 100;

const CriterionId = z
  .string()
  .regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, or one of _ . -");

/** The text of an expression without a fault. */
const CheckedExpression = z
  .string()
  .max(LONGEST_TEXT)
  .superRefine((text, context) => {
    const parsed = parseExpression(text);
    if (!parsed.ok) context.addIssue({ code: "custom", message: faultMessage(parsed.fault) });
  });

const wholeSeconds = (max: number) => z.int().min(1).max(max);

/** The criteria of a request. */
export const Criteria = z
  .array(
    z.strictObject(
      describedLike(Criterion.shape, {
        id: CriterionId.optional(),
        name: Name.optional(),
        expression: CheckedExpression,
        severity: Severity.default("fail"),
        abort: z
          .strictObject(
            describedLike(Criterion.shape.abort.unwrap().shape, {
              afterSeconds: wholeSeconds(LONGEST_EVERY_SECONDS),
            }),
          )
          .optional(),
      }),
    ),
  )
  .max(MOST_CRITERIA)
  .superRefine((criteria, context) => {
    criteria.forEach(({ id }, index) => {
      if (id === undefined || criteria.findIndex((other) => other.id === id) === index) return;
      context.addIssue({ code: "custom", message: "is there twice", path: [index, "id"] });
    });
  });
export type Criteria = z.output<typeof Criteria>;

const Window = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("run").describe("The whole run.") }),
    z.strictObject({
      kind: z.literal("steady").describe("The seconds in which as many users ran as targeted."),
    }),
    z.strictObject({
      kind: z.literal("last").describe("The end of the load."),
      seconds: wholeSeconds(LONGEST_SECONDS).describe("How long it is, in seconds."),
    }),
    z.strictObject({
      kind: z.literal("between").describe("A part of the load."),
      fromSeconds: z.int().min(0).describe("Its beginning, in seconds from the start of the load."),
      toSeconds: wholeSeconds(LONGEST_SECONDS).describe(
        "Its end, in seconds from the start of the load.",
      ),
    }),
    z.strictObject({
      kind: z.literal("every").describe("Each full window, one beginning each second."),
      seconds: wholeSeconds(LONGEST_EVERY_SECONDS).describe("How long each is, in seconds."),
    }),
  ])
  .describe("The part of the run that counts.");

const Limit = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("value").describe("A figure."),
      value: z
        .number()
        .describe("The figure in the unit of the metric: ms, percent, per second, or a count."),
    }),
    z.strictObject({
      kind: z.literal("baseline").describe("The figure of the baseline."),
      factor: z.number().describe("What it is multiplied by."),
    }),
  ])
  .describe("What the metric is compared with.");

/** A plain text in the document; its type says which texts there are. */
const MetricName = z
  .string()
  .refine((name) => metricOf(name) === name, {
    error: "must be a metric, such as p95 or errorRate",
  })
  .meta({ pattern: `^(?:${NAMED_METRICS.join("|")}|p\\d{1,2}(?:\\.\\d{1,3})?)$` })
  .describe(
    "avg, min, max, p and a number such as p99.9, errorRate, failures, requests, rps, users, exceptions or workerCpu.",
  ) as unknown as z.ZodType<Metric, Metric>;

/** An expression as JSON: the text says the same. */
const ExpressionForm = z
  .strictObject({
    metric: MetricName,
    endpoints: z
      .string()
      .max(LONGEST_TEXT)
      .refine(isEndpointPattern, { error: "must be a pattern; \\ stands before * or \\ only" })
      .optional()
      .describe(
        "A name or METHOD name, in which * stands for any text; absent: all endpoints together.",
      ),
    window: Window,
    operator: z.enum(OPERATORS).describe("How metric and limit are compared."),
    limit: Limit,
  })
  .superRefine((expression, context) => {
    const fault = faultOf(expression);
    if (fault === undefined) return;
    context.addIssue({ code: "custom", message: fault.message, path: [...fault.path] });
  });

export const CheckCriteria = z.strictObject({
  expressions: z
    .array(z.union([z.string().max(10 * LONGEST_TEXT), ExpressionForm]))
    .max(MOST_CRITERIA)
    .describe("Expressions, each as text or as JSON."),
  durationSeconds: DurationSeconds.optional().describe(
    "How long the load will last, in seconds: a longer window is a fault.",
  ),
});
export type CheckCriteria = z.output<typeof CheckCriteria>;

const CheckedItem = z.object({
  ok: z.boolean().describe("Whether the expression has no fault."),
  expression: z
    .string()
    .optional()
    .describe("The expression in its usual spelling; absent with a fault."),
  form: ExpressionForm.optional().describe("The expression as JSON; absent with a fault."),
  fault: z
    .object({
      column: z.int().describe("Where it is in the text; the first character is 1."),
      length: z.int().describe("How many characters are meant."),
      message: z.string().describe("What is wrong."),
      proposal: z
        .string()
        .optional()
        .describe("What could stand in the place of these characters; absent without an idea."),
    })
    .optional()
    .describe("The first fault; absent where there is none."),
});

export const CriteriaCheck = z.object({
  ok: z.boolean().describe("Whether all expressions are right."),
  items: z.array(CheckedItem).describe("What was found, in the order of the expressions."),
});
export type CriteriaCheck = z.output<typeof CriteriaCheck>;

export const EvaluateRun = z.strictObject({
  criteria: Criteria.describe("The criteria to try."),
});

export const VerdictAnswer = z.object({
  runId: RunId,
  ...LoadTestRun.pick({ status: true, verdict: true, settledAt: true }).shape,
  criteria: z
    .array(CriterionVerdict)
    .describe(
      "The verdict of each criterion; empty without criteria, and until the run is settled.",
    ),
  live: z
    .array(LiveCriterion)
    .optional()
    .describe("How each criterion stands while the run is Running; absent otherwise."),
});

/** Of criteria that were tried. */
export const EvaluateAnswer = VerdictAnswer.omit({ live: true, settledAt: true });
