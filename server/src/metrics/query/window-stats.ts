import type { Stats } from "@load-manager/contract/model/stats.ts";
import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import { errorBound, percentile } from "../codec/histogram.ts";
import { SERIES } from "../codec/rollup.ts";
import { lowCount, type Responses, statsOf, type View, viewOf } from "../codec/stats.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import type { WindowAggregate } from "./aggregate.ts";
import type { QueriedWindow } from "./window.ts";

/** The percentiles of every `Stats`. */
export const STANDARD_PERCENTILES = [50, 90, 95, 99];

const requestsAfterLoad = (
  { afterLoad }: WindowAggregate,
  responses: Responses,
  key: string,
): number => {
  const { requests, failures } = afterLoad.get(key) ?? { requests: 0, failures: 0 };
  if (responses === "all") return requests;
  return responses === "ok" ? requests - failures : failures;
};

const coveredSeconds = ({ run }: WindowAggregate): number =>
  [...run.values()].reduce((sum, { covered }) => sum + covered, 0);

/**
 * Requests per second: those of a view that completed in window ∩ load time, divided by the length of that intersection
 * (with `phase=steady` by the steady seconds). Null where the intersection is empty. `key`: the endpoint of the view.
 */
export const rateOf = (
  { window, loadTime, windowAggregate }: QueriedWindow,
  query: WindowQuery,
  view: View,
  key: string = SERIES.all,
): number | null => {
  const fromMs = Math.max(loadTime.fromMs, query.from ?? loadTime.fromMs);
  const toMs = Math.min(loadTime.toMs, query.to ?? loadTime.toMs);
  const seconds =
    query.phase === "steady" ? coveredSeconds(windowAggregate) : (toMs - fromMs) / 1000;
  if (window.to < window.from || seconds <= 0) return null;
  const inLoadTime = view.requests - requestsAfterLoad(windowAggregate, query.responses, key);
  return Math.max(0, inLoadTime) / seconds;
};

/** The sum of all endpoints that were read, over the whole window. */
export const viewOfAll = ({ windowAggregate }: QueriedWindow, query: WindowQuery): View =>
  viewOf(
    [...windowAggregate.totals.values()].flatMap((byKey) => [...byKey.values()]),
    query.responses,
  );

/** Whether the query is about the whole run; only then do Locust's own percentiles answer it. */
export const isWholeRun = ({ from, to, phase }: WindowQuery): boolean =>
  from === undefined && to === undefined && phase === undefined;

/** The stats of a window. Percentiles are Locust's own where the run's metrics are snapshots, which have no histograms. */
export const windowStatsOf = (queried: QueriedWindow, query: WindowQuery, view: View): Stats => {
  const stats = statsOf(view, rateOf(queried, query, view));
  const locust = locustSnapshot(queried.runAggregate)?.snapshot;
  if (locust === undefined || view.histogram.total > 0 || !isWholeRun(query)) return stats;
  const { p50ResponseMs = null, p95ResponseMs = null, p99ResponseMs = null } = locust;
  return { ...stats, p50ResponseMs, p95ResponseMs, p99ResponseMs };
};

/** The percentiles that the query asks for beside the standard ones. */
export const extraPercentiles = (query: WindowQuery, view: View) =>
  query.percentiles === undefined
    ? {}
    : {
        percentiles: Object.fromEntries(
          query.percentiles.map((p) => [String(p), percentile(view.histogram, p, view.bounds)]),
        ),
      };

/** The fields beside every answer with percentiles: their error, their source, and which rest on few values. */
export const percentileNotes = (queried: QueriedWindow, query: WindowQuery, view: View) => {
  const isLocusts =
    locustSnapshot(queried.runAggregate) !== undefined && view.histogram.total === 0;
  const low = lowCount(view, STANDARD_PERCENTILES);
  return {
    percentileError: isLocusts ? null : errorBound([view.histogram]),
    ...(isLocusts ? { percentileSource: "locust" as const } : {}),
    ...(low.length === 0 ? {} : { lowCount: low }),
    ...extraPercentiles(query, view),
  };
};
