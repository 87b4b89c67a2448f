import { Button, SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import styles from "../../charts/charts.module.css";
import type { Limit } from "../../charts/limit.ts";
import type { Decorations } from "../../charts/decorations.ts";
import type { HeatmapData } from "../../charts/heatmap-rows.ts";
import { Heatmap } from "../../charts/heatmap.tsx";
import { TimeChart, type TimeSeries } from "../../charts/time-chart.tsx";
import { axisNumber } from "../../format/numbers.ts";
import { stepText } from "../../format/times.ts";
import { userClassesQuery } from "./run-queries.ts";
import { classSeries, TARGET } from "./series.ts";
import type { RunView } from "./view.ts";

/** What all charts of the stack share. */
type Shared = {
  readonly range: readonly [number, number];
  readonly loadStartMs: number;
  readonly loadEnd: number | undefined;
  readonly decorations: Decorations;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
  /** Where it may be asked for: a click on the time axis. */
  readonly onTime: ((seconds: number) => void) | undefined;
  /** The lowest chart of the stack has the labels of the time axis. */
  readonly hasTimeLabels: boolean;
};
type TimeProps = {
  readonly shared: Shared;
  readonly times: readonly number[];
  readonly series: readonly TimeSeries[];
};

/** The users by class on the axis of times that the requests have; only while they are asked for. */
const useClasses = (view: RunView, isAsked: boolean) => {
  const { run, window, charts } = view;
  const { data } = useQuery({
    ...userClassesQuery(run.id, window.kind, charts),
    enabled: isAsked,
  });
  return useMemo(() => classSeries(data?.classes ?? []), [data]);
};

export const LoadChart = ({
  view,
  shared,
  times,
  series,
  limits: { rps, users },
}: TimeProps & {
  readonly view: RunView;
  readonly limits: { readonly [K in "rps" | "users"]: readonly Limit[] };
}): ReactNode => {
  const [isByClass, setByClass] = useState(false);
  const hasUsers = view.endpoints.length === 0;
  const classes = useClasses(view, hasUsers && isByClass);
  const shown = useMemo(
    () =>
      isByClass && hasUsers
        ? [
            ...series.filter(({ label }) => label !== "Users" && label !== TARGET),
            // Both are asked for with the same points; a second that only one has yet is unknown in the other.
            ...classes.map((one) => ({
              ...one,
              values: times.map((_, index) => one.values[index] ?? null),
            })),
          ]
        : series,
    [isByClass, hasUsers, series, classes, times],
  );
  const limits = useMemo(
    () => [...rps, ...(hasUsers && !isByClass ? users : [])],
    [rps, users, hasUsers, isByClass],
  );
  const control = (
    <SegmentedControl
      size="xs"
      aria-label="Users in the chart"
      value={isByClass ? "class" : "all"}
      onChange={(value) => setByClass(value === "class")}
      data={[
        { value: "all", label: "All users" },
        { value: "class", label: "By class" },
      ]}
    />
  );
  return (
    <TimeChart
      {...shared}
      title="Requests per second"
      unit={hasUsers ? "and users (right axis)" : ""}
      times={times}
      series={shown}
      height={150}
      limits={limits}
      axisFormat={axisNumber}
      {...(hasUsers ? { controls: control } : {})}
    />
  );
};

/** In place of a chart that has nothing to draw. */
export const NoChart = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children: string;
}): ReactNode => (
  <div className={styles["row"]}>
    <p className={styles["none"]}>
      <strong>{title}</strong> {children}
    </p>
  </div>
);

export const LatencyChart = ({
  shared,
  times,
  series,
  limits,
  isLog,
  onLog,
}: TimeProps & {
  readonly limits: readonly Limit[];
  readonly isLog: boolean;
  readonly onLog: (isLog: boolean) => void;
}): ReactNode => {
  const [isBandShown, setBandShown] = useState(true);
  const mayHaveBand = series.some(({ isBound }) => isBound === true);
  const hasBand = mayHaveBand && isBandShown;
  const shown = useMemo(
    () => (hasBand ? series : series.filter(({ isBound }) => isBound !== true)),
    [hasBand, series],
  );
  const isOfEndpoints = series.every(({ label }) => label !== "p95");
  const isMeasured = series.some(({ values }) => values.some((value) => value !== null));
  return (
    <TimeChart
      {...shared}
      title="Response time"
      unit={[
        isLog ? "ms, log scale" : "ms",
        ...(hasBand ? ["band: min to max"] : []),
        ...(isOfEndpoints ? ["95%ile of each endpoint"] : []),
        ...(isMeasured ? [] : ["none is known in this window"]),
      ].join("; ")}
      times={times}
      series={shown}
      {...(hasBand ? { band: { upper: "max", lower: "min", color: "--band" } } : {})}
      height={200}
      limits={limits}
      isLog={isLog}
      axisFormat={axisNumber}
      hasEndLabels
      withDoubts
      controls={
        <>
          {mayHaveBand && (
            <Button
              size="compact-xs"
              aria-pressed={isBandShown}
              variant={isBandShown ? "light" : "default"}
              onClick={() => setBandShown(!isBandShown)}
            >
              Min to max
            </Button>
          )}
          <SegmentedControl
            size="xs"
            aria-label="Scale of response times"
            value={isLog ? "log" : "linear"}
            onChange={(value) => onLog(value === "log")}
            data={[
              { value: "log", label: "Log" },
              { value: "linear", label: "Linear" },
            ]}
          />
        </>
      }
    />
  );
};

/** Nothing where no request failed. */
export const FailureChart = ({
  shared,
  times,
  series,
  barSeconds,
}: TimeProps & { readonly barSeconds: number }): ReactNode =>
  series.length > 0 && (
    <TimeChart
      {...shared}
      title="Failures per second"
      unit={`by error, ${stepText(barSeconds * 1000)} bars`}
      times={times}
      series={series}
      height={80}
      axisFormat={axisNumber}
    />
  );

export const DistributionChart = ({
  shared,
  heatmap,
}: {
  readonly shared: Shared;
  readonly heatmap: HeatmapData | undefined;
}): ReactNode => heatmap !== undefined && <Heatmap {...shared} heatmap={heatmap} height={130} />;

/** From here on the server doubts the response times. */
const CPU_LIMIT = { value: 90, label: "limit 90 %" };

export const GeneratorChart = ({
  shared,
  times,
  series,
  limits,
}: TimeProps & { readonly limits: readonly Limit[] }): ReactNode => (
  <TimeChart
    {...shared}
    title="Load generator CPU"
    unit={`% of one core, per process${series.length === 0 ? "; not measured yet" : ""}`}
    times={times}
    series={series}
    height={130}
    axisFormat={axisNumber}
    limits={useMemo(() => [CPU_LIMIT, ...limits], [limits])}
    areLimitsInSight
  />
);
