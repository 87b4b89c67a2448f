import type {
  DataPoint,
  GraphAnswer,
  GraphQuery,
  TimeseriesAnswer,
  TimeseriesQuery,
} from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import { SERIES } from "../codec/rollup.ts";
import { byName, parseEndpoint, selectEndpoints } from "./endpoints.ts";
import { pointsOf } from "./points.ts";
import { percentileNotes, viewOfAll, windowStatsOf } from "./window-stats.ts";
import type { QueriedWindow, WindowReader } from "./window.ts";

/** A chart over a window: the sum of all endpoints, the sum of those named, or a series for each. */
export const createTimeseries =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof TimeseriesQuery>,
  ): Promise<z.output<typeof TimeseriesAnswer>> => {
    const grouping = query.groupBy === undefined ? "sum" : "each";
    const queried = await readWindow(run, query, {
      points: query.points,
      selection: selectEndpoints(grouping, query.endpoint),
    });
    const view = viewOfAll(queried, query);
    const chart = (key: string) => {
      const points = pointsOf(queried, key, query.responses);
      return query.format === "columns" ? columnsOf(points) : { dataPoints: points };
    };
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: queried.step * 1000,
      ...(grouping === "sum"
        ? chart(SERIES.all)
        : {
            series: seriesOf(queried, query.endpoint).map(({ id, ...names }) => ({
              ...names,
              ...chart(id),
            })),
          }),
      summary: windowStatsOf(queried, query, view),
      ...percentileNotes(queried, query, view),
    };
  };

/** The chart of the sum of all endpoints, in the words of the older API. */
export const createGraph =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof GraphQuery>,
  ): Promise<z.output<typeof GraphAnswer>> => {
    const queried = await readWindow(run, query, { points: query.points });
    const points = pointsOf(queried, SERIES.all, query.responses);
    return {
      runId: run.id,
      name: run.name,
      status: run.status,
      ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
      dataPoints: points.map(
        ({ timestamp, currentUsers, totalRps, errorsPerSec, avgResponseMs }) => ({
          timestamp,
          users: currentUsers,
          requestsPerSec: totalRps,
          errorsPerSec,
          avgResponseMs,
        }),
      ),
    };
  };

/** The endpoints named, in their order; else those of the window, by name. */
const seriesOf = (
  { runAggregate, windowAggregate }: QueriedWindow,
  named: readonly string[] | undefined,
) => {
  if (named !== undefined) return named.map(parseEndpoint);
  const ids = new Set([...windowAggregate.totals.values()].flatMap((byKey) => [...byKey.keys()]));
  const series = [...ids].map((id) => {
    const { method, name } = endpointNameOf(runAggregate.names, id);
    return { endpoint: `${method} ${name}`, method, name, id };
  });
  return series.toSorted(byName);
};

const columnsOf = (points: readonly DataPoint[]) => {
  const column = <K extends Exclude<keyof DataPoint, "timestamp">>(key: K) =>
    points.map((point) => point[key]);
  return {
    t: points.map((point) => point.timestamp),
    totalRps: column("totalRps"),
    currentUsers: column("currentUsers"),
    errorRate: column("errorRate"),
    errorsPerSec: column("errorsPerSec"),
    avgResponseMs: column("avgResponseMs"),
    p50ResponseMs: column("p50ResponseMs"),
    p95ResponseMs: column("p95ResponseMs"),
    p99ResponseMs: column("p99ResponseMs"),
  };
};
