import type { RunReader } from "../../stores/model/load-test-run.ts";
import { createBaseline } from "./baseline.ts";
import { createCriteria } from "./criteria.ts";
import { createSituations } from "./criterion-judge.ts";
import { createHeatmap, createScatter } from "./distribution.ts";
import { createExport } from "./export.ts";
import { createFailures } from "./failures.ts";
import { createKnee } from "./knee-answer.ts";
import { createLiveCriteria } from "./live-criteria.ts";
import { createOverTime } from "./over-time.ts";
import { createOverview } from "./overview.ts";
import { createRequests } from "./requests.ts";
import { createSummary } from "./summary.ts";
import { createGraph, createTimeseries } from "./timeseries.ts";
import { createWindowReader, type QueryDeps } from "./window.ts";

export type MetricQueries = ReturnType<typeof createQueries>;

/**
 * Every query on the metrics of a run, over any window. The answer is the same, whatever has been compacted. Times in
 * answers are Unix ms; the contract's schemas encode them for the wire.
 */
export const createQueries = (
  deps: QueryDeps & { readonly runs: Pick<RunReader, "get" | "list"> },
) => {
  const readWindow = createWindowReader(deps);
  const { summaryOfRun, summary, situation } = createSummary(deps, readWindow);
  const situate = createSituations(deps, readWindow, situation);
  const { limits, baselineFault } = createBaseline(deps.runs, situate);
  return {
    summaryOfRun,
    summary,
    ...createLiveCriteria(deps, limits),
    /** The verdict of each criterion on a run that has ended. */
    judgeCriteria: createCriteria(situate, limits),
    baselineFault,
    ...createRequests(readWindow),
    graph: createGraph(readWindow),
    timeseries: createTimeseries(readWindow),
    aggregate: createOverview(readWindow),
    scatter: createScatter(readWindow),
    heatmap: createHeatmap(readWindow),
    knee: createKnee(deps, readWindow),
    exportLines: createExport(deps),
    ...createFailures(deps),
    ...createOverTime(deps),
  };
};
