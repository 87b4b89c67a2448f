import type {
  EndpointRow,
  RequestsAnswer,
  RequestsQuery,
  WindowQuery,
} from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import type { ServerSnapshot } from "../codec/sample.ts";
import { lowCount, statsOf, viewOf } from "../codec/stats.ts";
import type { Totals } from "../codec/totals.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import { csvOf } from "./csv.ts";
import { byName, selectEndpoints } from "./endpoints.ts";
import {
  extraPercentiles,
  isWholeRun,
  percentileNotes,
  rateOf,
  STANDARD_PERCENTILES,
  viewOfAll,
} from "./window-stats.ts";
import type { QueriedWindow, WindowReader } from "./window.ts";

/** The percentiles of Locust's own CSV files. */
const CSV_PERCENTILES = [50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99];

const totalsByEndpoint = ({ windowAggregate }: QueriedWindow): Map<string, Totals[]> => {
  const endpoints = new Map<string, Totals[]>();
  for (const byKey of windowAggregate.totals.values()) {
    for (const [id, totals] of byKey) endpoints.set(id, [...(endpoints.get(id) ?? []), totals]);
  }
  return endpoints;
};

const rowOf = (
  queried: QueriedWindow,
  query: WindowQuery,
  id: string,
  list: readonly Totals[],
  locust: ServerSnapshot["snapshot"] | undefined,
): EndpointRow => {
  const name = endpointNameOf(queried.runAggregate.names, id);
  const view = viewOf(list, query.responses);
  const { timedRequests: _, ...stats } = statsOf(view, rateOf(queried, query, view, id));
  // Locust's own percentiles, of endpoints without histograms.
  const locustStats = locust?.requestStats[`${name.method} ${name.name}`];
  const bytes = list.reduce((sum, totals) => sum + totals.bytes, 0);
  const requests = list.reduce((sum, totals) => sum + totals.requests, 0);
  const lastSecond = list.reduce((last, totals) => Math.max(last, totals.lastSecond), 0);
  const low = lowCount(view, STANDARD_PERCENTILES);
  return {
    ...name,
    ...stats,
    p50ResponseMs: stats.p50ResponseMs ?? locustStats?.medianResponseTime ?? null,
    p95ResponseMs: stats.p95ResponseMs ?? locustStats?.p95ResponseTime ?? null,
    p99ResponseMs: stats.p99ResponseMs ?? locustStats?.p99ResponseTime ?? null,
    avgContentBytes: requests === 0 ? null : bytes / requests,
    lastSeenAt: lastSecond === 0 ? null : lastSecond * 1000,
    ...extraPercentiles(query, view),
    ...(low.length === 0 ? {} : { lowCount: low }),
  };
};

/** The endpoints of a window that have requests, by name. */
export const endpointRows = (queried: QueriedWindow, query: WindowQuery): EndpointRow[] => {
  const locust = isWholeRun(query) ? locustSnapshot(queried.runAggregate)?.snapshot : undefined;
  return [...totalsByEndpoint(queried)]
    .map(([id, list]) => rowOf(queried, query, id, list, locust))
    .filter((row) => row.totalRequests > 0)
    .toSorted(byName);
};

/** The table of endpoints, as JSON and in the columns of Locust's `_stats.csv`. */
export const createRequests = (readWindow: WindowReader) => {
  const requests = async (
    run: LoadTestRun,
    query: z.output<typeof RequestsQuery>,
  ): Promise<z.output<typeof RequestsAnswer>> => {
    const queried = await readWindow(run, query, { selection: selectEndpoints("each") });
    return {
      runId: run.id,
      items: endpointRows(queried, query),
      ...percentileNotes(queried, query, viewOfAll(queried, query)),
    };
  };
  return {
    requests,
    requestsCsv: async (run: LoadTestRun, query: z.output<typeof RequestsQuery>): Promise<string> =>
      csvOf((await requests(run, { ...query, percentiles: CSV_PERCENTILES })).items),
  };
};
