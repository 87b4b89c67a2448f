import type { Stats } from "@load-manager/contract/model/stats.ts";
import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import { errorBound, percentile } from "../codec/histogram.ts";
import { SERIES } from "../codec/rollup.ts";
import {
  lowCount,
  type Responses,
  statsOf,
  type View,
  viewOf,
  withoutExtremes,
} from "../codec/stats.ts";
import { exactly, isExact, type Totals } from "../codec/totals.ts";
import { hasPartialExtremes, locustSnapshot } from "../live/snapshot.ts";
import type { WindowAggregate } from "./aggregate.ts";
import { untimedRequests } from "./seconds.ts";
import { isWholeRun, type QueriedWindow } from "./window.ts";

/** The percentiles of every `Stats`. */
const STANDARD_PERCENTILES = [50, 90, 95, 99];

/** Requests that are in no rate: after the load time, or at no known time. */
const unratedRequests = (
  { afterLoad, untimed }: WindowAggregate,
  responses: Responses,
  key: string,
): number => {
  const lists = [afterLoad.get(key), untimed.get(key)];
  const requests = lists.reduce((sum, counts) => sum + (counts?.requests ?? 0), 0);
  const failures = lists.reduce((sum, counts) => sum + (counts?.failures ?? 0), 0);
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
  if (window.to < window.from || seconds <= 0 || !isExact(view.requests)) return null;
  const inLoadTime = view.requests - unratedRequests(windowAggregate, query.responses, key);
  return Math.max(0, inLoadTime) / seconds;
};

/** The view of some totals of a window. */
export const viewOfTotals = (
  { runAggregate }: QueriedWindow,
  query: WindowQuery,
  lists: readonly Totals[],
): View => {
  const view = viewOf(lists, query.responses);
  return isWholeRun(query) || hasPartialExtremes(runAggregate) ? view : withoutExtremes(view);
};

/** The sum of all endpoints that were read, over the whole window. */
export const viewOfAll = (queried: QueriedWindow, query: WindowQuery): View => {
  const { totals, untimed } = queried.windowAggregate;
  const lists = [...totals.values(), untimed].flatMap((byKey) => [...byKey.values()]);
  return viewOfTotals(queried, query, lists);
};

/** The stats of a window. Percentiles are Locust's own where the run's metrics are snapshots, which have no histograms. */
export const windowStatsOf = (queried: QueriedWindow, query: WindowQuery, view: View): Stats => {
  const stats = statsOf(view, rateOf(queried, query, view));
  const locust = locustSnapshot(queried.runAggregate);
  if (locust === undefined || view.histogram.total > 0 || !isWholeRun(query)) return stats;
  const { p50ResponseMs = null, p95ResponseMs = null, p99ResponseMs = null } = locust;
  return { ...stats, p50ResponseMs, p95ResponseMs, p99ResponseMs };
};

/** The names of the percentiles of an answer that rest on too few values: of the standard ones, and of those that the query asks for. */
export const lowCountOf = (query: WindowQuery, view: View): { lowCount?: string[] } => {
  const low = lowCount(view, [...new Set([...STANDARD_PERCENTILES, ...(query.percentiles ?? [])])]);
  return low.length === 0 ? {} : { lowCount: low };
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

/**
 * The fields beside every answer with percentiles: their error, their source, which rest on few values, and how many
 * requests have no known time.
 */
export const percentileNotes = (queried: QueriedWindow, query: WindowQuery, view: View) => {
  const isLocusts =
    locustSnapshot(queried.runAggregate) !== undefined && view.histogram.total === 0;
  const untimed = untimedRequests(queried.runAggregate);
  return {
    ...(untimed === 0 ? {} : { untimedRequests: exactly(untimed) }),
    percentileError: isLocusts ? null : errorBound([view.histogram]),
    ...(isLocusts ? { percentileSource: "locust" as const } : {}),
    ...lowCountOf(query, view),
    ...extraPercentiles(query, view),
  };
};
