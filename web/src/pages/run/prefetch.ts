import { isEnded, runQueryOf } from "../../api/queries.ts";
import { queryClient } from "../../api/query-client.ts";
import { serverNow } from "../../api/server-time.ts";
import { barsOf } from "./failures-over-time.ts";
import {
  chartQuery,
  endpointChartQuery,
  failuresOverTimeQuery,
  heatmapQuery,
  kneeQuery,
  processesQuery,
  summaryQuery,
} from "./run-queries.ts";
import { type RunSearch, runSearchOf } from "./search.ts";
import { viewOf } from "./view.ts";

/** Asks for a run and for what its charts show, while the code of its page is still loaded. Errors are left to the page. */
export const prefetchRun = async (
  runId: string,
  given: RunSearch,
  { withCharts }: { readonly withCharts: boolean },
): Promise<void> => {
  await queryClient.prefetchQuery(runQueryOf(runId));
  const run = queryClient.getQueryData(runQueryOf(runId).queryKey);
  if (!withCharts || run?.loadStartedAt === undefined || !isEnded(run)) return;
  const { window, figures, charts, endpoints } = viewOf(run, runSearchOf(given), serverNow());
  const { kind } = window;
  const chart = endpoints.length > 1 ? endpointChartQuery : chartQuery;
  await Promise.all([
    queryClient.prefetchQuery(summaryQuery(runId, kind, figures)),
    queryClient.prefetchQuery(chart(runId, kind, charts, endpoints)),
    queryClient.prefetchQuery(heatmapQuery(runId, kind, charts, endpoints)),
    queryClient.prefetchQuery(failuresOverTimeQuery(runId, kind, charts, barsOf(window))),
    queryClient.prefetchQuery(processesQuery(runId, kind, charts)),
    queryClient.prefetchQuery(kneeQuery(runId, kind, charts, endpoints)),
  ]);
};
