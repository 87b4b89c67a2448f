import { z } from "zod";
import { nullableNumber } from "./stats.ts";
import { RunId } from "./primitives.ts";

/** What the runs of a load test are compared with by criteria such as `p99 < baseline * 1.1`. */
export const Baseline = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("run").describe("One run."),
    runId: RunId,
  }),
  z.object({
    kind: z.literal("rolling").describe("The mean of earlier runs."),
    runs: z
      .int()
      .describe("Of how many runs at most: the newest ones that can be compared with the run."),
  }),
]);
export type Baseline = z.output<typeof Baseline>;

/** What a criterion was compared with, as it was when the run was judged. */
export const BaselineFigure = z.object({
  value: z
    .number()
    .describe(
      "The figure of the baseline, in the unit of the criterion: of several runs their geometric mean, or, of errorRate, failures and exceptions, which may be 0, the arithmetic one.",
    ),
  runs: z
    .array(
      z.object({
        id: RunId,
        runNumber: z.int().optional().describe("Its number within the load test."),
        value: z.number().describe("Its figure, in the unit of the criterion."),
      }),
    )
    .describe("The runs that it is made of, the newest first."),
  noise: z
    .object({
      percent: nullableNumber.describe(
        "How far the figure varies from run to run by chance, as a standard deviation in percent; null for errorRate, failures and exceptions.",
      ),
      runIds: z
        .array(RunId)
        .describe("The runs that show it. With fewer than two of them 2 % is assumed."),
    })
    .describe("The noise from run to run, by which a verdict is close."),
});
export type BaselineFigure = z.output<typeof BaselineFigure>;
