import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { HeatmapData } from "../../charts/heatmap-rows.ts";
import type { TimeSeries } from "../../charts/time-chart.tsx";
import { serverTime } from "../../api/server-time.ts";
import { barsOf, failureSeries } from "./failures-over-time.ts";
import { failuresOverTimeQuery, heatmapQuery, processesQuery } from "./run-queries.ts";
import { useNamesById } from "./process-names.ts";
import { secondsSince } from "./series.ts";
import type { RunView } from "./view.ts";

/** Workers are told apart by their shade and their dash: colours mean something else. */
const PROCESS_LOOKS: readonly Pick<TimeSeries, "color" | "dash">[] = [
  { color: "--users", dash: [6, 3] },
  { color: "--load" },
  { color: "--ghost" },
  { color: "--load", dash: [4, 3] },
  { color: "--ghost", dash: [4, 3] },
  { color: "--load", dash: [1, 3] },
  { color: "--ghost", dash: [1, 3] },
  { color: "--load", dash: [8, 3, 2, 3] },
];

type Lines = { readonly times: readonly number[]; readonly series: readonly TimeSeries[] };

/** What Locust has measured is known to the server after so long. */
const ARRIVAL_MS = 2000;

/** No series where no request failed. */
export const useFailures = (view: RunView): Lines & { readonly barSeconds: number } => {
  const { run, window, charts, endpoints, loadStartMs, isLive } = view;
  const { data, dataUpdatedAt } = useQuery(
    failuresOverTimeQuery(run.id, window.kind, charts, barsOf(window)),
  );
  const from = loadStartMs + window.from * 1000;
  // What completes after the load's end, while users stop, belongs to the whole run.
  const end =
    window.kind === "whole" ? (run.finishedAt ?? Infinity) : loadStartMs + window.to * 1000;
  const arrived = isLive ? serverTime(dataUpdatedAt) - ARRIVAL_MS : Infinity;
  const [to, isGrowing] = [Math.min(end, arrived), arrived < end];
  return useMemo(
    () => ({
      times: secondsSince(loadStartMs, data?.t ?? []),
      series: data === undefined ? [] : failureSeries(data, endpoints, { from, to, isGrowing }),
      barSeconds: (data?.stepMs ?? 0) / 1000,
    }),
    [data, endpoints, loadStartMs, from, to, isGrowing],
  );
};

/** `undefined` where no request has a response time. */
export const useHeatmap = (view: RunView): HeatmapData | undefined => {
  const { run, window, charts, endpoints, loadStartMs } = view;
  const { data } = useQuery(heatmapQuery(run.id, window.kind, charts, endpoints));
  return useMemo(
    () =>
      data === undefined || data.counts.flat().every((count) => count === 0)
        ? undefined
        : { ...data, times: secondsSince(loadStartMs, data.t), stepSeconds: data.stepMs / 1000 },
    [data, loadStartMs],
  );
};

/** The CPU of the Locust processes. */
export const useGenerators = ({
  run,
  window,
  charts,
  loadStartMs,
}: RunView): Lines & { readonly isKnown: boolean } => {
  const { data } = useQuery(processesQuery(run.id, window.kind, charts));
  const names = useNamesById(run.id);
  return useMemo(
    () => ({
      isKnown: data !== undefined,
      times: secondsSince(loadStartMs, data?.t ?? []),
      // Another name is another chart: they are drawn once they have theirs.
      series: (data?.processes ?? [])
        .filter(({ id }) => names.has(id))
        .slice(0, PROCESS_LOOKS.length)
        .map(({ id, cpuPercent }, index): TimeSeries => ({
          label: names.get(id) ?? id,
          title: id,
          color: "--load",
          ...PROCESS_LOOKS[index],
          values: cpuPercent,
          width: 1.25,
          format: (value) => `${Math.round(value)} %`,
        })),
    }),
    [data, loadStartMs, names],
  );
};
