import { z } from "zod";
import { CommaList, RunId } from "../model/primitives.ts";

/** As many as `load-manager run --repeat` runs at most, without the first one. */
const MOST_OTHERS = 19;

/** Query parameters of the reports on runs. */
export const ReportQuery = z.strictObject({
  also: CommaList.pipe(z.array(RunId).max(MOST_OTHERS))
    .describe(
      "The ids of further runs for the same report, separated by commas, in their order: 19 at most.",
    )
    .optional(),
});
