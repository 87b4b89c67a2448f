import type { AggregateAnswer, AggregateQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { SERIES } from "../codec/rollup.ts";
import { selectEndpoints } from "./endpoints.ts";
import { pointsOf } from "./points.ts";
import { endpointRows } from "./requests.ts";
import { percentileNotes, viewOfAll, windowStatsOf } from "./window-stats.ts";
import type { WindowReader } from "./window.ts";

/** The answer of `/metrics/aggregate`: totals, the table of endpoints and a chart in one. */
export const createOverview =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof AggregateQuery>,
  ): Promise<z.output<typeof AggregateAnswer>> => {
    const queried = await readWindow(run, query, { points: query.points });
    const view = viewOfAll(queried, query);
    const stats = windowStatsOf(queried, query, view);
    const points = pointsOf(queried, SERIES.all, query.responses);
    const byEndpoint = await readWindow(run, query, { selection: selectEndpoints("each") });
    const rated = [...queried.windowAggregate.run.values()].filter(({ whole }) => whole > 0);
    const p95s = points.flatMap((point) => point.p95ResponseMs ?? []);
    const { fromMs, toMs } = queried.loadTime;
    return {
      testRunId: run.id,
      runId: run.id,
      status: run.status,
      summary: {
        avgRps: stats.requestsPerSec,
        maxRps: rated.length === 0 ? null : Math.max(...rated.map(({ highest }) => highest)),
        minRps: rated.length === 0 ? null : Math.min(...rated.map(({ lowest }) => lowest)),
        p50ResponseMs: stats.p50ResponseMs,
        p95ResponseMs: stats.p95ResponseMs,
        p99ResponseMs: stats.p99ResponseMs,
        maxP95ResponseMs: p95s.length === 0 ? null : Math.max(...p95s),
        totalRequests: stats.totalRequests,
        totalFailures: stats.totalFailures,
        errorRate: stats.errorRate,
        durationMs: toMs > fromMs ? toMs - fromMs : null,
        dataPoints: points.length,
      },
      endpointStats: endpointRows(byEndpoint, query),
      timeseries: points,
      ...percentileNotes(queried, query, view),
    };
  };
