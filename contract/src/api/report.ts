import { z } from "zod";
import { CommaList, RunId } from "../model/primitives.ts";

/** Of one report, and of `load-manager run --repeat`. */
export const MOST_REPORTED_RUNS = 20;

/** Query parameters of the reports on runs. */
export const ReportQuery = z.strictObject({
  also: CommaList.pipe(z.array(RunId).max(MOST_REPORTED_RUNS - 1))
    .describe(
      "The ids of further runs for the same report, separated by commas, in their order: 19 at most.",
    )
    .optional(),
});
