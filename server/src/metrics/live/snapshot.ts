import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { RunAggregate } from "./run-aggregate.ts";
import { errorRate, statsOf, viewOf } from "../codec/stats.ts";
import { percentile } from "../codec/histogram.ts";
import type { ServerSnapshot } from "../codec/sample.ts";

const RECENT_SECONDS = 10;

/** Requests a second over the last 10 closed seconds; without new ones it decays to 0. */
const recentRate = (runAggregate: RunAggregate, now: number): number | null => {
  if (runAggregate.lastSecond === 0) return null;
  // Stats are a little late by nature: the newest closed second is the last one told, unless that is long ago.
  const last = Math.max(runAggregate.lastSecond, Math.floor(now / 1000) - 3);
  const first = runAggregate.covered[0]?.[0] ?? last;
  let requests = 0;
  for (let second = last - RECENT_SECONDS + 1; second <= last; second += 1) {
    requests += runAggregate.recent.get(second)?.requests ?? 0;
  }
  return requests / Math.max(1, Math.min(RECENT_SECONDS, last - first + 1));
};

/** The newest snapshot that Locust itself gave, where figures come from there. */
export const locustSnapshot = (runAggregate: RunAggregate): ServerSnapshot | undefined =>
  [...runAggregate.masterInstances.values()].findLast((instance) => instance.snapshot !== undefined)
    ?.snapshot;

/** Cumulative totals of a run as Locust's own page shows them; `undefined` before the first figures. Times in ms. */
export const toSnapshot = (runAggregate: RunAggregate, now: number): MetricSnapshot | undefined => {
  if (runAggregate.masterInstances.size === 0) return undefined;
  const locust = locustSnapshot(runAggregate)?.snapshot;
  const all = viewOf([...runAggregate.endpoints.values()], "all");
  const { p50ResponseMs, p95ResponseMs, p99ResponseMs } = locust ?? statsOf(all, null);
  const rate = recentRate(runAggregate, now);
  const stats = [...runAggregate.endpoints].map(([id, totals]) => {
    const { method, name } = runAggregate.names.get(id) ?? { method: "", name: `(${id})` };
    const view = viewOf([totals], "all");
    const given = locust?.requestStats[`${method} ${name}`];
    const p = (rank: number): number | null => percentile(view.histogram, rank, view.bounds);
    return [
      `${method} ${name}`,
      {
        method,
        name,
        numRequests: view.requests,
        numFailures: view.failures,
        avgResponseTime: view.avgMs,
        minResponseTime: view.minMs,
        maxResponseTime: view.maxMs,
        medianResponseTime: given?.medianResponseTime ?? p(50),
        p95ResponseTime: given?.p95ResponseTime ?? p(95),
        p99ResponseTime: given?.p99ResponseTime ?? p(99),
        requestsPerSec: given?.requestsPerSec ?? null,
      },
    ] as const;
  });
  return {
    timestamp: now,
    totalRps: rate,
    totalRequests: all.requests,
    totalFailures: all.failures,
    errorRate: errorRate(all.requests, all.failures),
    avgResponseMs: all.avgMs,
    p50ResponseMs: p50ResponseMs ?? null,
    p95ResponseMs: p95ResponseMs ?? null,
    p99ResponseMs: p99ResponseMs ?? null,
    currentUsers: runAggregate.users,
    requestStats: Object.fromEntries(stats),
  };
};
