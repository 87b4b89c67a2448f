import type {
  EndpointRow,
  RequestsAnswer,
  RequestsQuery,
  WindowQuery,
} from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import { statsOf } from "../codec/stats.ts";
import { contentBytes, type Totals } from "../codec/totals.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import { csvOf } from "./csv.ts";
import { byName, selectEndpoints } from "./endpoints.ts";
import {
  extraPercentiles,
  lowCountOf,
  percentileNotes,
  rateOf,
  viewOfAll,
  viewOfTotals,
  windowStatsOf,
} from "./window-stats.ts";
import { isWholeRun, type QueriedWindow, type WindowReader } from "./window.ts";

/** The percentiles of Locust's own CSV files. */
const CSV_PERCENTILES = [50, 66, 75, 80, 90, 95, 98, 99, 99.9, 99.99];

const totalsByEndpoint = ({ windowAggregate }: QueriedWindow): Map<string, Totals[]> => {
  const endpoints = new Map<string, Totals[]>();
  for (const byKey of [...windowAggregate.totals.values(), windowAggregate.untimed]) {
    for (const [id, totals] of byKey) endpoints.set(id, [...(endpoints.get(id) ?? []), totals]);
  }
  return endpoints;
};

/** Null where it is unknown: snapshots may have no sizes. */
const avgContentBytes = (list: readonly Totals[]): number | null => {
  const known = list.map(contentBytes).filter((bytes) => bytes !== null);
  const requests = list.reduce((sum, totals) => sum + totals.requests, 0);
  if (requests === 0 || known.length < list.length) return null;
  return known.reduce((sum, bytes) => sum + bytes, 0) / requests;
};

const rowOf = (
  queried: QueriedWindow,
  query: WindowQuery,
  id: string,
  list: readonly Totals[],
  locust: SnapshotInput | undefined,
): EndpointRow => {
  const name = endpointNameOf(queried.runAggregate.names, id);
  const view = viewOfTotals(queried, query, list);
  const { timedRequests: _, ...stats } = statsOf(view, rateOf(queried, query, view, id));
  // Locust's own percentiles, of endpoints without histograms.
  const locustStats = locust?.requestStats[`${name.method} ${name.name}`];
  const lastSecond = list.reduce((last, totals) => Math.max(last, totals.lastSecond), 0);
  return {
    ...name,
    ...stats,
    p50ResponseMs: stats.p50ResponseMs ?? locustStats?.medianResponseTime ?? null,
    p95ResponseMs: stats.p95ResponseMs ?? locustStats?.p95ResponseTime ?? null,
    p99ResponseMs: stats.p99ResponseMs ?? locustStats?.p99ResponseTime ?? null,
    avgContentBytes: avgContentBytes(list),
    lastSeenAt: lastSecond === 0 ? null : lastSecond * 1000,
    ...extraPercentiles(query, view),
    ...lowCountOf(query, view),
  };
};

/** The endpoints of a window that have requests, by name. */
export const endpointRows = (queried: QueriedWindow, query: WindowQuery): EndpointRow[] => {
  const locust = isWholeRun(query) ? locustSnapshot(queried.runAggregate) : undefined;
  return [...totalsByEndpoint(queried)]
    .map(([id, list]) => rowOf(queried, query, id, list, locust))
    .filter((row) => row.totalRequests !== 0 || row.totalFailures !== 0)
    .toSorted(byName);
};

/** The row of all endpoints, which Locust's own files have last. */
const aggregatedRow = (queried: QueriedWindow, query: WindowQuery): EndpointRow => {
  const view = viewOfAll(queried, query);
  const { timedRequests: _, ...stats } = windowStatsOf(queried, query, view);
  const rates = endpointRows(queried, query).map(({ requestsPerSec }) => requestsPerSec);
  const isRated = rates.some((rate) => rate !== null);
  const lists = [...totalsByEndpoint(queried).values()].flat();
  return {
    method: "",
    name: "Aggregated",
    ...stats,
    requestsPerSec: isRated ? rates.reduce<number>((sum, rate) => sum + (rate ?? 0), 0) : null,
    avgContentBytes: avgContentBytes(lists),
    lastSeenAt: null,
    ...extraPercentiles(query, view),
  };
};

/** The table of endpoints, as JSON and in the columns of Locust's `_stats.csv`. */
export const createRequests = (readWindow: WindowReader) => {
  const read = (run: LoadTestRun, query: WindowQuery): Promise<QueriedWindow> =>
    readWindow(run, query, { selection: selectEndpoints("each") });
  return {
    requests: async (
      run: LoadTestRun,
      query: z.output<typeof RequestsQuery>,
    ): Promise<z.output<typeof RequestsAnswer>> => {
      const queried = await read(run, query);
      return {
        runId: run.id,
        items: endpointRows(queried, query),
        ...percentileNotes(queried, query, viewOfAll(queried, query)),
      };
    },
    requestsCsv: async (
      run: LoadTestRun,
      query: z.output<typeof RequestsQuery>,
    ): Promise<string> => {
      const asked = { ...query, percentiles: CSV_PERCENTILES };
      const queried = await read(run, asked);
      return csvOf([...endpointRows(queried, asked), aggregatedRow(queried, asked)]);
    },
  };
};
