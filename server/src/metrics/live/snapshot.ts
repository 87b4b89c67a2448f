import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import { type EndpointName, endpointNameOf } from "../codec/endpoint-id.ts";
import { percentile } from "../codec/histogram.ts";
import { errorRate, statsOf, viewOf } from "../codec/stats.ts";
import { exactly, type Totals } from "../codec/totals.ts";
import { openSeconds, type RunAggregate } from "./run-aggregate.ts";

const RATE_SECONDS = 10;
/** Samples arrive a little late: up to this age the newest second with a sample is the last closed one. */
const LATE_SECONDS = 3;

/** Requests per second over the last 10 closed seconds; falls to 0 when no more arrive. Null before the first sample. */
const recentRate = (runAggregate: RunAggregate, now: number): number | null => {
  if (runAggregate.lastSecond === 0) return null;
  const newest = Math.max(runAggregate.lastSecond, Math.floor(now / 1000) - LATE_SECONDS);
  const last = newest - openSeconds(runAggregate);
  const first = runAggregate.covered[0]?.[0] ?? last;
  let requests = 0;
  for (let second = last - RATE_SECONDS + 1; second <= last; second += 1) {
    requests += runAggregate.recent.get(second)?.requests ?? 0;
  }
  return requests / Math.max(1, Math.min(RATE_SECONDS, last - first + 1));
};

/** Locust's own newest snapshot, of a run whose metrics are snapshots. */
export const locustSnapshot = (runAggregate: RunAggregate): SnapshotInput | undefined =>
  [...runAggregate.masterInstances.values()]
    .flatMap(({ snapshot: note }) =>
      note?.snapshot === undefined || note.isOther === true ? [] : note,
    )
    .toSorted((a, b) => a.second - b.second)
    .at(-1)?.snapshot;

/** Whether the minimum and maximum of a part of a run are known: those in Locust's snapshots are of the run so far. */
export const hasPartialExtremes = (runAggregate: RunAggregate): boolean =>
  locustSnapshot(runAggregate) === undefined;

/** Locust's own percentiles and rate come first; response times of snapshots have no histogram. */
const endpointSnapshot = (
  { method, name }: EndpointName,
  totals: Totals,
  locust: SnapshotInput | undefined,
): MetricSnapshot["requestStats"][string] => {
  const view = viewOf([totals], "all");
  const locustStats = locust?.requestStats[`${method} ${name}`];
  const p = (rank: number): number | null => percentile(view.histogram, rank, view.bounds);
  return {
    method,
    name,
    numRequests: exactly(view.requests),
    numFailures: exactly(view.failures),
    avgResponseTime: view.avgMs,
    minResponseTime: view.minMs,
    maxResponseTime: view.maxMs,
    medianResponseTime: locustStats?.medianResponseTime ?? p(50),
    p95ResponseTime: locustStats?.p95ResponseTime ?? p(95),
    p99ResponseTime: locustStats?.p99ResponseTime ?? p(99),
    requestsPerSec: locustStats?.requestsPerSec ?? null,
  };
};

/**
 * A run's cumulative totals, as Locust's own page shows them; times in ms, `now` in Unix ms. `undefined` before the first
 * record.
 */
export const toSnapshot = (runAggregate: RunAggregate, now: number): MetricSnapshot | undefined => {
  if (runAggregate.masterInstances.size === 0) return undefined;
  const locust = locustSnapshot(runAggregate);
  const all = viewOf([...runAggregate.endpoints.values()], "all");
  const { p50ResponseMs, p95ResponseMs, p99ResponseMs } = locust ?? statsOf(all, null);
  const requestStats = [...runAggregate.endpoints].map(([id, totals]) => {
    const name = endpointNameOf(runAggregate.names, id);
    return [`${name.method} ${name.name}`, endpointSnapshot(name, totals, locust)] as const;
  });
  return {
    timestamp: now,
    totalRps: recentRate(runAggregate, now),
    totalRequests: exactly(all.requests),
    totalFailures: exactly(all.failures),
    errorRate: errorRate(all.requests, all.failures),
    avgResponseMs: all.avgMs,
    p50ResponseMs: p50ResponseMs ?? null,
    p95ResponseMs: p95ResponseMs ?? null,
    p99ResponseMs: p99ResponseMs ?? null,
    currentUsers: runAggregate.users,
    requestStats: Object.fromEntries(requestStats),
  };
};
