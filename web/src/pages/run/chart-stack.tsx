import { useIsFetching, usePrefetchQuery, useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { liveKey } from "../../api/live-keys.ts";
import type { Decorations } from "../../charts/decorations.ts";
import { ClampedText } from "../../components/clamped-text.tsx";
import { useKeys } from "../../components/keys.ts";
import { Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { type ChartPart, cursorText } from "./chart-cursor.ts";
import { ChartTables, distributionPart } from "./chart-tables.tsx";
import {
  DistributionChart,
  FailureChart,
  GeneratorChart,
  LatencyChart,
  LoadChart,
  NoChart,
} from "./charts.tsx";
import { drawnCharts, hasPlugin } from "./drawn-charts.ts";
import { EventRail } from "./event-rail.tsx";
import { barsOf } from "./failures-over-time.ts";
import { OverlaySelect } from "./overlay-select.tsx";
import { RunNavigator } from "./run-navigator.tsx";
import { eventsQuery, failuresOverTimeQuery, heatmapQuery, processesQuery } from "./run-queries.ts";
import { type TableChoice, TableSwitch } from "./table-switch.tsx";
import { useChartCursor } from "./use-chart-cursor.ts";
import { useDecorations } from "./use-decorations.ts";
import { useFailures, useGenerators, useHeatmap } from "./use-charts.ts";
import { useLimits } from "./use-criteria.ts";
import { type ChartSeries, useSeries } from "./use-series.ts";
import type { RunView } from "./view.ts";
import { isLogAtFirst } from "./window.ts";

/** A changed window is not known to be asked for in the instant in which it changes. */
const QUERIES_BEGIN_MS = 50;

/** Asks for the charts below the first ones together with these. → whether an answer is still to come. */
const usePrefetchedCharts = ({ run, window, charts, endpoints }: RunView): boolean => {
  usePrefetchQuery(heatmapQuery(run.id, window.kind, charts, endpoints));
  usePrefetchQuery(processesQuery(run.id, window.kind, charts));
  usePrefetchQuery(failuresOverTimeQuery(run.id, window.kind, charts, barsOf(window)));
  return useIsFetching({ queryKey: liveKey(run.id, "slow") }) > 0;
};

/** How the charts are shown, and the keys for it. */
const useChoices = (end: number, { isTable, onTable }: TableChoice) => {
  const [scale, setScale] = useState<boolean | undefined>();
  const overlaySelect = useRef<HTMLInputElement>(null);
  const isLog = scale ?? isLogAtFirst(end);
  useKeys({
    l: () => setScale(!isLog),
    t: () => onTable(!isTable),
    c: () => {
      overlaySelect.current?.focus();
      overlaySelect.current?.click();
    },
  });
  return { isLog, setScale, overlaySelect };
};

/** All lines of the stack, and the distribution. */
const useParts = (view: RunView, { times, load, latency }: ChartSeries) => {
  const failures = useFailures(view);
  const generators = useGenerators(view);
  const heatmap = useHeatmap(view);
  const lines: readonly ChartPart[] = [
    { title: "Requests and response times", times, series: [...load, ...latency] },
    { title: "Failures per second", ...failures },
    { title: "Load generator CPU, % of one core", ...generators },
  ];
  return { failures, generators, heatmap, lines };
};

type Props = {
  readonly view: RunView;
  readonly table: TableChoice;
  readonly onOverlay: (runId: string | undefined) => void;
  /** The answers for a view have come, or failed: what is less urgent may be asked for. */
  readonly onAnswered: (view: RunView) => void;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
  /** A click on a time, where it may be noted. */
  readonly onTime: ((seconds: number) => void) | undefined;
  /** Requests and response times only. */
  readonly isShort: boolean;
};

const KEYS_LABEL =
  "Charts over time. Left and right arrows move the cursor, with Shift they choose a window, Enter zooms to it.";

type ContentProps = {
  readonly decorations: Decorations;
  readonly props: Props;
  readonly series: ChartSeries;
  readonly scale: Omit<ReturnType<typeof useChoices>, "overlaySelect">;
};

/** The charts below each other; a line in place of one without a value. */
const Charts = ({
  props: { view, onWindow, onTime, isShort },
  series: { times, load, latency },
  scale: { isLog, setScale },
  decorations,
  parts: { failures, generators, heatmap },
}: ContentProps & { readonly parts: ReturnType<typeof useParts> }): ReactNode => {
  const { run, range, loadStartMs } = view;
  const limits = useLimits(view);
  const shown = drawnCharts({
    latency,
    failures: failures.series,
    hasHeatmap: heatmap !== undefined,
    generators: generators.isKnown ? generators.series : undefined,
    mayCome: view.isLive && hasPlugin(run),
    isShort,
  });
  const sharedBy = (name: typeof shown.lowest) => ({
    range,
    loadStartMs,
    loadEnd: run.loadEndedAt === undefined ? undefined : view.loadSeconds,
    decorations,
    onWindow,
    onTime,
    hasTimeLabels: name === shown.lowest,
  });
  const none = `None ${hasPlugin(run) ? "is known in this window" : "is known without the plugin"}.`;
  return (
    <>
      <LoadChart
        view={view}
        shared={sharedBy("load")}
        times={times}
        series={load}
        limits={limits}
      />
      {shown.failures && <FailureChart shared={sharedBy("failures")} {...failures} />}
      {!shown.latency && <NoChart title="Response time">{none}</NoChart>}
      {shown.latency && (
        <LatencyChart
          shared={sharedBy("latency")}
          times={times}
          series={latency}
          limits={limits.time}
          isLog={isLog}
          onLog={setScale}
        />
      )}
      {shown.distribution && (
        <DistributionChart shared={sharedBy("distribution")} heatmap={heatmap} />
      )}
      {!isShort && !shown.generators && <NoChart title="Load generator CPU">{none}</NoChart>}
      {shown.generators && (
        <GeneratorChart shared={sharedBy("generators")} limits={limits.workerCpu} {...generators} />
      )}
    </>
  );
};

/** The charts, or their values as tables. */
const Content = (content: ContentProps): ReactNode => {
  const { props, series } = content;
  const { view, table, onWindow, onTime } = props;
  const { range, loadStartMs } = view;
  const parts = useParts(view, series);
  const { heatmap, lines } = parts;
  const { data: events } = useQuery(eventsQuery(view.run.id));
  const cursor = useChartCursor(series.times, range, onWindow);
  if (table.isTable)
    return (
      <ChartTables
        parts={[...lines, ...(heatmap === undefined ? [] : [distributionPart(heatmap)])]}
        loadStartMs={loadStartMs}
      />
    );
  return (
    <>
      <div role="region" tabIndex={0} data-page-keys aria-label={KEYS_LABEL}>
        <EventRail view={view} events={events?.items ?? []} onTime={onTime} />
        <Charts {...content} parts={parts} />
      </div>
      <p className="sr-only" role="status">
        {cursor !== undefined && cursorText(cursor, lines, loadStartMs)}
      </p>
    </>
  );
};

/** Which endpoints the charts show. Names can be longer than the page is wide. */
const Shown = ({ endpoints }: { readonly endpoints: readonly string[] }): ReactNode => {
  if (endpoints.length === 0) return "all endpoints";
  const names = endpoints.join(", ");
  return <ClampedText text={names} />;
};

/** All charts of a run over one time axis, or their values as tables. */
export const ChartStack = (props: Props): ReactNode => {
  const { view, table, onWindow, onOverlay, onAnswered } = props;
  const decorations = useDecorations(view);
  const { overlaySelect, ...scale } = useChoices(view.end, table);
  const { series, error } = useSeries(view);
  const isWaiting = usePrefetchedCharts(view);
  useEffect(() => {
    if ((series === undefined && error === null) || isWaiting) return undefined;
    const timer = setTimeout(() => onAnswered(view), QUERIES_BEGIN_MS);
    return () => clearTimeout(timer);
  }, [view, series, error, isWaiting, onAnswered]);
  if (series === undefined)
    return error === null ? (
      <Loading lines={12} />
    ) : (
      <Failure what="The charts cannot be read." error={error} />
    );
  return (
    <Panel
      title="Over time"
      sub={<Shown endpoints={view.endpoints} />}
      end={
        <>
          <OverlaySelect ref={overlaySelect} view={view} onOverlay={onOverlay} />
          <TableSwitch what="Over time" {...table} />
        </>
      }
    >
      <Content props={props} series={series} scale={scale} decorations={decorations} />
      <RunNavigator view={view} decorations={decorations} onWindow={onWindow} />
    </Panel>
  );
};
