import { type ReactNode, useMemo, useState } from "react";
import type uPlot from "uplot";
import { useLatest } from "../lib/use-latest.ts";
import styles from "./charts.module.css";
import { Legend } from "./legend.tsx";
import { Plot } from "./plot.tsx";
import { FONT, logScale, valueAxis } from "./time-options.ts";
import { colorOf } from "./tokens.ts";

/** The response times of one group of requests at each percentile. */
export type PercentileCurve = {
  readonly label: string;
  /** A token of theme/tokens.css. */
  readonly color: string;
  readonly dash?: readonly number[];
  readonly width?: number;
  /** In ms, one for each percentile; null where it is unknown, or too few values are beyond it. */
  readonly values: readonly (number | null)[];
};

const NINES = [0, 50, 90, 95, 99, 99.9, 99.99];

/** Spaced by nines: 90, 99 and 99.9 are as far apart as each other. */
const place = (percentile: number): number => -Math.log10(1 - percentile / 100);
const percentileAt = (at: number): number => Math.round((100 - 100 * 10 ** -at) * 100) / 100;

const optionsOf = (
  curves: readonly PercentileCurve[],
  axisFormat: (value: number) => string,
  setCursor: (index: number | undefined) => void,
): Omit<uPlot.Options, "width" | "height"> => ({
  legend: { show: false },
  scales: {
    x: { time: false, range: (_, min, max) => [Math.min(min, 0), Math.max(max, place(99))] },
    y: logScale,
  },
  axes: [
    {
      stroke: colorOf("--ink-3"),
      font: FONT,
      grid: { stroke: colorOf("--line"), width: 1 },
      ticks: { show: false },
      splits: () => NINES.map(place),
      values: (_, splits) => splits.map((at) => String(percentileAt(at))),
      size: 28,
    },
    valueAxis(axisFormat, { isLog: true }),
  ],
  series: [
    {},
    ...curves.map(({ label, color, dash, width = 1.5 }) => ({
      label,
      stroke: colorOf(color),
      width,
      ...(dash === undefined ? {} : { dash: [...dash] }),
      points: { show: false },
    })),
  ],
  cursor: { drag: { x: false, y: false }, y: false },
  hooks: { setCursor: [({ cursor: { idx } }) => setCursor(idx ?? undefined)] },
});

/** How long the slowest requests took, percentile by percentile; the legend reads the percentile under the cursor, else `readAt`. */
export const PercentileChart = ({
  percentiles,
  curves,
  readAt,
  height,
  format,
  axisFormat,
}: {
  readonly percentiles: readonly number[];
  readonly curves: readonly PercentileCurve[];
  readonly readAt: number;
  readonly height: number;
  readonly format: (ms: number) => string;
  readonly axisFormat: (ms: number) => string;
}): ReactNode => {
  const [cursor, setCursor] = useState<number | undefined>();
  const latest = useLatest({ curves, axisFormat });
  const data = useMemo<uPlot.AlignedData>(
    () => [percentiles.map(place), ...curves.map(({ values }) => [...values])],
    [percentiles, curves],
  );
  const index = cursor ?? percentiles.indexOf(readAt);
  const items = curves.map(({ label, color, dash, values }) => {
    const value = values[index];
    return { label, color, dash, value: value == null ? undefined : format(value) };
  });
  const sentences = items.map(({ label, value }) => `${label} ${value ?? "unknown"}`);
  return (
    <>
      <Plot
        options={() => optionsOf(latest.current.curves, latest.current.axisFormat, setCursor)}
        version={curves.map(({ label, color }) => `${label} ${color}`).join("|")}
        data={data}
        height={height}
        description={`Percentile curve, p${percentiles[index] ?? readAt}: ${sentences.join(", ")}.`}
      />
      <div className={styles["curves"]}>
        <span>p{percentiles[index] ?? readAt}</span>
        <Legend items={items} />
      </div>
    </>
  );
};
