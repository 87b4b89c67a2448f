import type {
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
import { fieldsOf, type PointField } from "./fields.ts";
import { columnsOf, pointsOf, startsOf } from "./points.ts";
import { untimedRequests } from "./seconds.ts";
import { percentileNotes, viewOfAll, windowStatsOf } from "./window-stats.ts";
import type { QueriedWindow, WindowReader } from "./window.ts";

/** The chart of one key, in the format of the query. */
const chartOf = (
  queried: QueriedWindow,
  query: Pick<z.output<typeof TimeseriesQuery>, "format" | "responses">,
  fields: readonly PointField[],
  key: string,
) => {
  const columns = columnsOf(queried, key, query.responses, fields);
  const t = startsOf(queried).map((start) => start * 1000);
  if (query.format === "columns") {
    return {
      t,
      ...Object.fromEntries(fields.map(({ name }, index) => [name, columns[index] ?? []])),
    };
  }
  const dataPoints = t.map((timestamp, point) => ({
    timestamp,
    ...Object.fromEntries(fields.map(({ name }, index) => [name, columns[index]?.[point] ?? null])),
  }));
  return { dataPoints };
};

/**
 * A chart over a window: the sum of all endpoints, the sum of those named, or a series for each. Histograms are read only
 * where one of the fields needs them.
 */
export const createTimeseries =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof TimeseriesQuery>,
  ): Promise<z.output<typeof TimeseriesAnswer>> => {
    const { fields, summary } = fieldsOf(query.fields);
    const grouping = query.groupBy === undefined ? "sum" : "each";
    const queried = await readWindow(run, query, {
      points: query.points,
      selection: selectEndpoints(grouping, query.endpoint),
      withHistograms:
        summary ||
        query.percentiles !== undefined ||
        query.responses !== "all" ||
        fields.some(({ isPercentile }) => isPercentile),
    });
    const view = viewOfAll(queried, query);
    const charts =
      grouping === "sum"
        ? chartOf(queried, query, fields, SERIES.all)
        : {
            series: seriesOf(queried, query.endpoint).map(({ id, ...names }) => ({
              ...names,
              ...chartOf(queried, query, fields, id),
            })),
          };
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: queried.step * 1000,
      ...charts,
      ...(summary ? { summary: windowStatsOf(queried, query, view) } : {}),
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
    const untimed = untimedRequests(queried.runAggregate);
    return {
      ...(untimed === 0 ? {} : { untimedRequests: untimed }),
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
