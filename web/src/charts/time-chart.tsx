import { type ReactNode, useMemo, useState } from "react";
import type uPlot from "uplot";
import { useLatest } from "../lib/use-latest.ts";
import { Legend, type LegendItem } from "./legend.tsx";
import styles from "./charts.module.css";
import { type Decorations, decorationHooks } from "./decorations.ts";
import { endLabelHooks, endLabelRects } from "./end-labels.ts";
import { type Limit, limitHooks } from "./limit.ts";
import { Plot } from "./plot.tsx";
import { pointsOfLoad, stacked } from "./scales.ts";
import { timeFlagHooks } from "./time-flag.ts";
import { type Violation, violationHooks } from "./violation.ts";
import {
  axisClick,
  bars,
  linearScale,
  logScale,
  mergeHooks,
  noAxis,
  steps,
  timeAxis,
  timeCursor,
  valueAxis,
} from "./time-options.ts";
import { colorOf } from "./tokens.ts";

type Values = readonly (number | null)[];

export type TimeSeries = {
  readonly label: string;
  /** More of it, on hover over the legend. */
  readonly title?: string;
  /** A token of theme/tokens.css. */
  readonly color: string;
  readonly values: Values;
  readonly kind?: "line" | "step" | "bar";
  readonly dash?: readonly number[];
  readonly width?: number;
  /** `right`: the axis of users. */
  readonly axis?: "right";
  readonly format: (value: number) => string;
  /** A series that only bounds the band has no line and no place in the legend. */
  readonly isBound?: boolean;
  /** A plan, which has values where the others have none yet. */
  readonly isPlan?: boolean;
};

export type TimeChartProps = {
  readonly title: string;
  /** The unit, and the scale where it is not linear. */
  readonly unit: string;
  /** Seconds since load start, one for each value. */
  readonly times: readonly number[];
  readonly series: readonly TimeSeries[];
  /** The labels of two series between which the band is filled. */
  readonly band?: { readonly upper: string; readonly lower: string; readonly color: string };
  readonly height: number;
  readonly isLog?: boolean;
  readonly axisFormat: (value: number) => string;
  readonly range: readonly [number, number];
  readonly loadStartMs: number;
  /** When the load ended, in seconds since its start; absent while it goes on. */
  readonly loadEnd?: number | undefined;
  readonly hasTimeLabels?: boolean;
  readonly decorations: Decorations;
  readonly withDoubts?: boolean;
  /** Names the lines at their ends; only where there is no axis on the right. */
  readonly hasEndLabels?: boolean;
  readonly limits?: readonly Limit[];
  /** Whether the value axis reaches every limit. */
  readonly areLimitsInSight?: boolean;
  readonly violation?: Violation | undefined;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
  /** A click on the labels of the time axis. */
  readonly onTime?: ((seconds: number) => void) | undefined;
  readonly controls?: ReactNode;
};

const seriesOf = (one: TimeSeries): uPlot.Series => ({
  label: one.label,
  scale: one.axis === "right" ? "right" : "y",
  ...(one.isBound === true ? { width: 0 } : { stroke: colorOf(one.color) }),
  ...(one.isBound === true ? {} : { width: one.width ?? 1.5 }),
  ...(one.dash === undefined ? {} : { dash: [...one.dash] }),
  ...(one.kind === "bar" ? { fill: colorOf(one.color), paths: bars(), width: 0 } : {}),
  ...(one.kind === "step" ? { paths: steps() } : {}),
  points: { show: false },
  spanGaps: false,
});

const isStacked = (series: readonly TimeSeries[]): boolean =>
  series.every(({ kind }) => kind === "bar");

/** Bars stand on each other; the highest is drawn first, so that the lower ones stay visible. */
const dataOf = (times: readonly number[], series: readonly TimeSeries[]): uPlot.AlignedData => {
  const values = series.map((one) => one.values);
  const shown = isStacked(series) ? stacked(values).toReversed() : values;
  return [times, ...shown] as unknown as uPlot.AlignedData;
};

/** One sentence: what a screen reader says of the chart. */
const descriptionOf = (
  { title, unit, series, limits = [] }: TimeChartProps,
  length: number,
): string => {
  const parts = series
    .filter(({ isBound }) => isBound !== true)
    .map(({ label, values, format }) => {
      const known = values.filter((value) => value !== null);
      const last = values.slice(0, length).findLast((value) => value !== null);
      if (last == null) return `${label}: no data`;
      const [min, max] = [Math.min(...known), Math.max(...known)];
      return `${label} from ${format(min)} to ${format(max)}, last ${format(last)}`;
    });
  const limited =
    limits.length === 0 ? "" : ` Limits: ${limits.map(({ label }) => label).join("; ")}.`;
  return `${title}, ${unit}. ${parts.join("; ")}.${limited}`;
};

/** The index of the newest of the first `length` values: where a plan is now, though it goes on. */
const newestOf = (series: readonly TimeSeries[], length: number): number =>
  Math.max(
    ...series
      .filter(({ isPlan }) => isPlan !== true)
      .map(({ values }) => values.slice(0, length).findLastIndex((value) => value !== null)),
  );

/** The point under the cursor, and its time. */
type Cursor = { readonly index: number; readonly at: number | undefined };

/** uPlot's options for what `read` gives: asked again for what may change without a new plot. */
const optionsOf = (
  read: () => TimeChartProps,
  setCursor: (cursor: Cursor | undefined) => void,
): Omit<uPlot.Options, "width" | "height"> => {
  const { series, band, isLog = false, hasTimeLabels = false, loadStartMs, withDoubts } = read();
  const isClicked = hasTimeLabels && read().onTime !== undefined;
  const inOrder = isStacked(series) ? series.toReversed() : series;
  const window = timeCursor((chosen) => read().onWindow(chosen));
  const hooks = decorationHooks(() => read().decorations, { withDoubts: withDoubts === true });
  const index = (label: string): number => inOrder.findIndex((one) => one.label === label) + 1;
  const hasRight = series.some(({ axis }) => axis === "right");
  const hasNames = read().hasEndLabels === true && !hasRight;
  const lines = () => read().series.filter(({ isBound }) => isBound !== true);
  const more = [
    ...(isClicked ? [axisClick((seconds) => read().onTime?.(seconds))] : []),
    ...(hasTimeLabels ? [timeFlagHooks(loadStartMs, styles["flag"])] : []),
    ...(hasNames ? [endLabelHooks(lines)] : []),
  ];
  return {
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => [min, max] },
      y: isLog
        ? logScale
        : linearScale(() => (read().areLimitsInSight === true ? (read().limits ?? []) : [])),
      // Target users lie above the requests.
      right: { range: (_, __, max) => [0, Math.max(1, max * 1.15)] },
    },
    axes: [
      timeAxis({ isShown: hasTimeLabels, loadStartMs }),
      valueAxis((value) => read().axisFormat(value), { isLog }),
      hasRight
        ? valueAxis((value) => (Number.isInteger(value) ? String(value) : ""), {
            scale: "right",
            isRight: true,
          })
        : noAxis,
    ],
    series: [{}, ...inOrder.map(seriesOf)],
    ...(band === undefined
      ? {}
      : {
          bands: [{ series: [index(band.upper), index(band.lower)], fill: colorOf(band.color) }],
        }),
    cursor: window.cursor,
    hooks: mergeHooks(
      window.hooks,
      hooks,
      limitHooks(
        () => read().limits ?? [],
        !hasRight && !hasNames,
        (plot) => (hasNames ? endLabelRects(plot, lines()) : []),
      ),
      violationHooks(() => read().violation),
      {
        setCursor: [
          ({ cursor: { idx }, data: [times] }) =>
            setCursor(idx == null ? undefined : { index: idx, at: times[idx] }),
        ],
      },
      ...more,
    ),
  };
};

/** A chart over the time axis of its stack, with a legend that reads its values. */
export const TimeChart = (props: TimeChartProps): ReactNode => {
  const { title, unit, times, series, height, range, controls } = props;
  const { isLog, loadStartMs, loadEnd, onTime, hasTimeLabels } = props;
  const [cursor, setCursor] = useState<Cursor | undefined>();
  const latest = useLatest(props);
  const drawn = useMemo(() => dataOf(times, series), [times, series]);
  const { decorations, limits, violation } = props;
  const overlay = useMemo(
    () => ({ decorations, limits, violation }),
    [decorations, limits, violation],
  );
  const length = pointsOfLoad(times, loadEnd);
  const newest = newestOf(series, length);
  const items: LegendItem[] = series
    .filter(({ isBound }) => isBound !== true)
    .map(({ label, title: more, color, dash, kind, values, format, isPlan }) => {
      // After a change of the window the index means another time.
      const isThere = cursor !== undefined && times[cursor.index] === cursor.at;
      const ofLoad = values.slice(0, length);
      const last = isPlan === true ? values[newest] : ofLoad.findLast((one) => one !== null);
      const value = isThere ? values[cursor.index] : last;
      return {
        label,
        title: more,
        color,
        dash,
        kind,
        value: value == null ? undefined : format(value),
      };
    });
  const kinds = series.map(({ label, color, kind, axis }) => [label, color, kind, axis].join(" "));
  return (
    <div className={styles["row"]}>
      <div className={styles["head"]}>
        <h3 title={title}>
          {title} <span>{unit}</span>
        </h3>
        <Legend items={items} />
        {controls !== undefined && <div className={styles["controls"]}>{controls}</div>}
      </div>
      <Plot
        options={() => optionsOf(() => latest.current, setCursor)}
        version={[
          isLog === true ? "log" : "linear",
          loadStartMs,
          onTime !== undefined,
          hasTimeLabels === true,
          ...kinds,
        ].join("|")}
        data={drawn}
        height={height}
        range={range}
        overlay={overlay}
        description={descriptionOf(props, length)}
      />
    </div>
  );
};
