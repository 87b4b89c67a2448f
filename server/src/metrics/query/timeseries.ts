import type {
  DataPoint,
  TimeseriesAnswer,
  TimeseriesQuery,
} from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { z } from "zod";
import { endpointId } from "../codec/sample.ts";
import { SERIES } from "../codec/rollup.ts";
import { byName } from "./table.ts";
import {
  viewOfAll,
  EACH,
  windowStatsOf,
  type WindowReader,
  type QueriedWindow,
  MERGED,
  only,
  percentileNotes,
} from "./window.ts";
import { pointsOf } from "./points.ts";

/** A chart over any window: all endpoints merged, those asked for merged, or each as a series of its own. */
export const createTimeseries =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof TimeseriesQuery>,
  ): Promise<z.output<typeof TimeseriesAnswer>> => {
    const asked = query.endpoint?.map(splitEndpoint);
    const each = query.groupBy !== undefined;
    const whole = each ? EACH : MERGED;
    const selection =
      asked === undefined
        ? whole
        : only(
            asked.map(({ id }) => id),
            each,
          );
    const queried = await readWindow(run, query, { points: query.points, selection });
    const view = viewOfAll(queried, query);
    const shape = (points: DataPoint[]) =>
      query.format === "columns" ? columnsOf(points) : { dataPoints: points };
    const points = (key: string): DataPoint[] => pointsOf(queried, key, query.responses);
    const series = each ? seriesOf(queried, asked) : undefined;
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: queried.step * 1000,
      ...(series === undefined
        ? shape(points(SERIES.all))
        : { series: series.map(({ id, ...names }) => ({ ...names, ...shape(points(id)) })) }),
      summary: windowStatsOf(queried, query, view),
      ...percentileNotes(queried, query, view),
    };
  };

/** `METHOD name`, split at the first space; an endpoint without a method begins with one. */
export const splitEndpoint = (endpoint: string) => {
  const at = endpoint.indexOf(" ");
  const method = at < 0 ? "" : endpoint.slice(0, at);
  const name = endpoint.slice(at + 1);
  return { endpoint, method, name, id: endpointId(method, name) };
};

const seriesOf = (
  { runAggregate, windowAggregate }: QueriedWindow,
  asked: ReturnType<typeof splitEndpoint>[] | undefined,
) => {
  if (asked !== undefined) return asked;
  const ids = new Set(
    [...windowAggregate.buckets.values()].flatMap((bucket) => [...bucket.keys()]),
  );
  const series = [...ids].map((id) => {
    const { method, name } = runAggregate.names.get(id) ?? { method: "", name: `(${id})` };
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
