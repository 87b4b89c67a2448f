import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { durationOfStages } from "@load-manager/contract/model/load-profile.ts";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { shortRunName } from "../../format/run-name.ts";
import type { TimeSeries } from "../../charts/time-chart.tsx";
import { runQueryOf } from "../../api/queries.ts";
import { chartQuery, endpointChartQuery } from "./run-queries.ts";
import {
  type Columns,
  endpointSeries,
  latencySeries,
  loadSeries,
  plannedUsers,
  secondsSince,
  TARGET,
  timesOfEndpoints,
  timesUntil,
  valuesAt,
} from "./series.ts";
import type { RunView } from "./view.ts";
import { queryOfWindow } from "./window.ts";

export type ChartSeries = {
  /** Seconds since load start. */
  readonly times: readonly number[];
  readonly load: readonly TimeSeries[];
  readonly latency: readonly TimeSeries[];
};

/** The same part of another run, aligned at load start. */
const useOverlay = ({ window, overlay, endpoints }: RunView) => {
  const { data: run } = useQuery({ ...runQueryOf(overlay ?? ""), enabled: overlay !== undefined });
  const query = queryOfWindow(window, run?.loadStartedAt);
  const isAsked = overlay !== undefined && run?.loadStartedAt !== undefined;
  const { data } = useQuery({
    ...chartQuery(overlay ?? "", window.kind, query, endpoints),
    enabled: isAsked,
  });
  return useMemo(() => {
    if (!isAsked || data === undefined || run?.loadStartedAt === undefined) return undefined;
    const columns = data as unknown as Columns;
    return {
      name: shortRunName(run),
      times: secondsSince(run.loadStartedAt, data.t ?? []),
      step: data.stepMs / 1000,
      load: columns["totalRps"] ?? [],
      latency: columns["p95ResponseMs"] ?? [],
    };
  }, [isAsked, data, run]);
};
type Overlay = ReturnType<typeof useOverlay>;

/** Values for `length` times; those after the last one are not known yet. */
const longer = (series: readonly TimeSeries[], length: number): TimeSeries[] =>
  series.map((one) => ({
    ...one,
    values: [...one.values, ...Array.from({ length: length - one.values.length }, () => null)],
  }));

/** The target of stages is what they plan, until the end that is shown. */
const withPlan = (
  own: ChartSeries,
  { loadProfile }: RunAnswer,
  step: number,
  end: number,
): ChartSeries => {
  if (loadProfile.kind !== "stages" || own.load.every(({ label }) => label !== TARGET)) return own;
  const times = timesUntil(own.times, step, Math.min(end, durationOfStages(loadProfile.stages)));
  return {
    times,
    load: longer(own.load, times.length).map((one) =>
      one.label === TARGET
        ? { ...one, values: plannedUsers(loadProfile.stages, times, step), isPlan: true }
        : one,
    ),
    latency: longer(own.latency, times.length),
  };
};

/** Values of the run end where it is now; the other run goes on. */
const withOverlay = (
  own: ChartSeries,
  overlay: Overlay,
  step: number,
  end: number,
): ChartSeries => {
  if (overlay === undefined) return own;
  const times = timesUntil(own.times, step, Math.min(end, overlay.times.at(-1) ?? 0));
  const ghost = (name: string, values: readonly (number | null)[], like: TimeSeries | undefined) =>
    like === undefined
      ? []
      : [
          {
            label: name,
            color: "--ghost",
            dash: [2, 3],
            width: 1.25,
            values: valuesAt(times, { times: overlay.times, step: overlay.step, values }),
            format: like.format,
          },
        ];
  return {
    times,
    load: [...longer(own.load, times.length), ...ghost(overlay.name, overlay.load, own.load[0])],
    latency: [
      ...longer(own.latency, times.length),
      ...ghost(`${overlay.name} p95`, overlay.latency, own.latency[0]),
    ],
  };
};

/** Requests, users and response times of all endpoints, of one, or of each of several; with another run laid under them. */
export const useSeries = (view: RunView) => {
  const { run, window, charts, endpoints, loadStartMs, range } = view;
  const isSeveral = endpoints.length > 1;
  const sum = useQuery({
    ...chartQuery(run.id, window.kind, charts, endpoints),
    enabled: !isSeveral,
  });
  const each = useQuery({
    ...endpointChartQuery(run.id, window.kind, charts, endpoints),
    enabled: isSeveral,
  });
  const overlay = useOverlay(view);
  const data = isSeveral ? each.data : sum.data;
  const [, end] = range;
  const series = useMemo((): ChartSeries | undefined => {
    if (data === undefined) return undefined;
    const times = secondsSince(
      loadStartMs,
      isSeveral ? timesOfEndpoints(data.series ?? []) : (data.t ?? []),
    );
    const columns = data as unknown as Columns;
    const own = isSeveral
      ? {
          times,
          load: endpointSeries(data.series ?? [], "totalRps"),
          latency: endpointSeries(data.series ?? [], "p95ResponseMs"),
        }
      : {
          times,
          load: loadSeries(columns, times.length, endpoints.length === 0),
          // Locust's own minimum and maximum are of the run so far, and of no point.
          latency: latencySeries(columns, times.length, data.percentileSource !== "locust"),
        };
    const step = data.stepMs / 1000;
    return withOverlay(withPlan(own, run, step, end), overlay, step, end);
  }, [data, isSeveral, endpoints.length, loadStartMs, overlay, run, end]);
  return { series, error: isSeveral ? each.error : sum.error };
};
