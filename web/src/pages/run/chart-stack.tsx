import { SegmentedControl } from "@mantine/core";
import { usePrefetchQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import type { Decorations } from "../../charts/decorations.ts";
import { useKeys } from "../../components/keys.ts";
import { Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { ChartTable } from "./chart-table.tsx";
import {
  DistributionChart,
  FAILURE_POINTS,
  FailureChart,
  GeneratorChart,
  LatencyChart,
  LoadChart,
} from "./charts.tsx";
import { EventRail } from "./event-rail.tsx";
import { lettersOf } from "./event-letters.ts";
import { OverlaySelect } from "./overlay-select.tsx";
import {
  eventsQuery,
  failuresOverTimeQuery,
  heatmapQuery,
  processesQuery,
  summaryQuery,
} from "./run-queries.ts";
import { useSeries } from "./use-series.ts";
import type { RunView } from "./view.ts";

/** Shorter windows have a linear axis of response times at first. */
const LEAST_LOG_SECONDS = 60;

/** One point for every two pixels, in hundreds, so that a page that is a little narrower asks for the same. */
const pointsOf = (width: number): number =>
  Math.max(100, Math.min(1000, Math.floor(width / 200) * 100));

const useDecorations = ({ run, isLive, loadStartMs, window }: RunView): Decorations => {
  const { data: events } = useQuery(eventsQuery(run.id));
  const { data: summary } = useQuery(summaryQuery(run.id, "whole", {}));
  return useMemo(() => {
    const at = (time: number): number => (time - loadStartMs) / 1000;
    return {
      gaps: (summary?.gaps ?? []).map(({ from, to }) => ({ from: at(from), to: at(to) })),
      doubts: (summary?.findings ?? [])
        .filter(({ code }) => code === "generator_saturated")
        .map(({ since, until }) => ({
          from: at(since),
          to: until === undefined ? window.to : at(until),
        })),
      marks: lettersOf(events?.items ?? []).map(({ event, letter }) => ({
        at: at(event.at),
        letter,
      })),
      now: isLive && window.kind === "whole" ? window.to : undefined,
    };
  }, [events, summary, loadStartMs, isLive, window.kind, window.to]);
};

/** Asks for the charts below the first ones together with these. */
const usePrefetchedCharts = ({ run, window, charts, endpoints }: RunView, points: number): void => {
  usePrefetchQuery(heatmapQuery(run.id, window.kind, charts, endpoints));
  usePrefetchQuery(processesQuery(run.id, window.kind, charts, points));
  usePrefetchQuery(failuresOverTimeQuery(run.id, window.kind, charts, FAILURE_POINTS));
};

/** How the charts are shown, and the keys for it. */
const useChoices = ([from, to]: readonly [number, number]) => {
  const [scale, setScale] = useState<boolean | undefined>();
  const [isTable, setTable] = useState(false);
  const overlaySelect = useRef<HTMLInputElement>(null);
  const isLog = scale ?? to - from >= LEAST_LOG_SECONDS;
  useKeys({
    l: () => setScale(!isLog),
    t: () => setTable((before) => !before),
    c: () => {
      overlaySelect.current?.focus();
      overlaySelect.current?.click();
    },
  });
  return { isLog, setScale, isTable, setTable, overlaySelect };
};

/** All charts of a run over one time axis, or their values as a table. */
export const ChartStack = ({
  view,
  width,
  onWindow,
  onOverlay,
  onAnswered,
}: {
  readonly view: RunView;
  readonly width: number;
  readonly onOverlay: (runId: string | undefined) => void;
  /** The first answer has come, or failed: what is less urgent may be asked for. */
  readonly onAnswered: () => void;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
}): ReactNode => {
  const { endpoints, range, loadStartMs } = view;
  const { isLog, setScale, isTable, setTable, overlaySelect } = useChoices(range);
  const points = pointsOf(width);
  const { series, error } = useSeries(view, points);
  usePrefetchedCharts(view, points);
  useEffect(() => {
    if (series !== undefined || error !== null) onAnswered();
  }, [series, error, onAnswered]);
  const { data: events } = useQuery(eventsQuery(view.run.id));
  const decorations = useDecorations(view);
  if (series === undefined)
    return error === null ? (
      <Loading lines={12} />
    ) : (
      <Failure what="The charts cannot be read." error={error} />
    );
  const { times, load, latency } = series;
  const shared = { range, loadStartMs, decorations, onWindow };
  const control = (
    <SegmentedControl
      size="xs"
      aria-label="Charts or table"
      value={isTable ? "table" : "charts"}
      onChange={(value) => setTable(value === "table")}
      data={[
        { value: "charts", label: "Charts" },
        { value: "table", label: "Table" },
      ]}
    />
  );
  const sub = endpoints.length === 0 ? "all endpoints" : endpoints.join(", ");
  return (
    <Panel
      title="Over time"
      sub={sub}
      end={
        <>
          <OverlaySelect ref={overlaySelect} view={view} onOverlay={onOverlay} />
          {control}
        </>
      }
    >
      {isTable ? (
        <ChartTable times={times} loadStartMs={loadStartMs} series={[...load, ...latency]} />
      ) : (
        <>
          <EventRail view={view} events={events?.items ?? []} />
          <LoadChart view={view} shared={shared} times={times} series={load} points={points} />
          <FailureChart view={view} shared={shared} />
          <LatencyChart
            shared={shared}
            times={times}
            series={latency}
            isLog={isLog}
            onLog={setScale}
          />
          <DistributionChart view={view} shared={shared} />
          <GeneratorChart view={view} shared={shared} points={points} />
        </>
      )}
    </Panel>
  );
};
