import type { EndpointRow, WindowQuery } from "@load-manager/contract/metrics.ts";
import { lowCount, viewOf } from "../codec/stats.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import type { Totals } from "../codec/totals.ts";
import {
  extraPercentiles,
  isWholeRun,
  type QueriedWindow,
  rateOf,
  STANDARD_PERCENTILES,
} from "./window.ts";
import { rowOf } from "./rows.ts";

const totalsByEndpoint = ({ windowAggregate }: QueriedWindow): Map<string, Totals[]> => {
  const endpoints = new Map<string, Totals[]>();
  for (const bucket of windowAggregate.buckets.values()) {
    for (const [id, totals] of bucket) endpoints.set(id, [...(endpoints.get(id) ?? []), totals]);
  }
  return endpoints;
};

type Named = Pick<EndpointRow, "method" | "name">;

/** By name, then method; the same on every machine. */
export const byName = (a: Named, b: Named): number => {
  const [one, other] = [`${a.name} ${a.method}`, `${b.name} ${b.method}`];
  return one < other ? -1 : one > other ? 1 : 0;
};

/** The table of endpoints over a window, by name. */
export const tableOf = (queried: QueriedWindow, query: WindowQuery): EndpointRow[] => {
  const locust = isWholeRun(query) ? locustSnapshot(queried.runAggregate)?.snapshot : undefined;
  return [...totalsByEndpoint(queried)]
    .map(([id, totals]) => {
      const name = queried.runAggregate.names.get(id) ?? { method: "", name: `(${id})` };
      const view = viewOf(totals, query.responses);
      return rowOf({
        name,
        totals,
        view,
        requestsPerSec: rateOf(queried, query, view, id),
        given: locust?.requestStats[`${name.method} ${name.name}`],
        more: { ...extraPercentiles(query, view), low: lowCount(view, STANDARD_PERCENTILES) },
      });
    })
    .filter((row) => row.totalRequests > 0)
    .toSorted(byName);
};
