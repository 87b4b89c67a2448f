import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type uPlot from "uplot";
import styles from "../../charts/charts.module.css";
import { Plot } from "../../charts/plot.tsx";
import { logScale, valueAxis } from "../../charts/time-options.ts";
import { colorOf } from "../../charts/tokens.ts";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { axisNumber, inMs } from "../../format/numbers.ts";
import { summaryQuery } from "./run-queries.ts";
import { type TableChoice, TableSwitch } from "./table-switch.tsx";
import type { RunView } from "./view.ts";

/** A percentile is shown as far as so many values are beyond it. */
const LEAST_BEYOND = 10;
const NINES = [0, 50, 90, 95, 99, 99.9, 99.99];

/** Spaced by nines: 90, 99 and 99.9 are as far apart as each other. */
const place = (percentile: number): number => -Math.log10(1 - percentile / 100);

type Point = readonly [percentile: number, ms: number];

/** The percentiles that are known and have enough values beyond them, in order. */
const pointsOf = (
  percentiles: Readonly<Record<string, number | null>> = {},
  timed: number | null = 0,
): Point[] =>
  Object.entries(percentiles)
    .flatMap(([percentile, value]) =>
      value === null ? [] : [[Number(percentile), value] as const],
    )
    .filter(([percentile]) => (timed ?? 0) * (1 - percentile / 100) >= LEAST_BEYOND)
    .toSorted(([one], [other]) => one - other);

const CURVE_HEADS: readonly Head[] = [
  { head: "Percentile", isNumber: true },
  { head: "Response time (ms)", isNumber: true },
];

const CurveTable = ({ points }: { readonly points: readonly Point[] }): ReactNode => (
  <Table label="Percentile curve, as a table">
    <TableHead heads={CURVE_HEADS} />
    <tbody>
      {points.map(([percentile, ms]) => (
        <tr key={percentile}>
          <td className={cell.num}>{percentile}</td>
          <td className={cell.num}>{inMs(ms)}</td>
        </tr>
      ))}
    </tbody>
  </Table>
);

/** How long the slowest requests took, percentile by percentile. */
export const PercentileCurve = ({
  view,
  table,
}: {
  readonly view: RunView;
  readonly table: TableChoice;
}): ReactNode => {
  const { run, window, figures, endpoints } = view;
  const { data: summary } = useQuery(summaryQuery(run.id, window.kind, figures));
  const points = useMemo(() => pointsOf(summary?.percentiles, summary?.timedRequests), [summary]);
  const data = useMemo<uPlot.AlignedData>(
    () => [points.map(([percentile]) => place(percentile)), points.map(([, value]) => value)],
    [points],
  );
  const options = (): Omit<uPlot.Options, "width" | "height"> => ({
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => [Math.min(min, 0), Math.max(max, place(99))] },
      y: logScale,
    },
    axes: [
      {
        stroke: colorOf("--ink-3"),
        font: '11px "IBM Plex Sans Variable", system-ui, sans-serif',
        grid: { stroke: colorOf("--line"), width: 1 },
        ticks: { show: false },
        splits: () => NINES.map(place),
        values: (_, splits) =>
          splits.map((at) => String(Math.round((100 - 100 * 10 ** -at) * 100) / 100)),
        size: 28,
      },
      valueAxis(axisNumber, { isLog: true }),
    ],
    series: [
      {},
      { label: "Response time", stroke: colorOf("--p95"), width: 1.75, points: { show: false } },
    ],
    cursor: { drag: { x: false, y: false } },
  });
  return (
    <Panel
      title="Percentile curve"
      sub={`ms, log scale, by nines${endpoints.length === 0 ? "" : "; all endpoints"}`}
      end={<TableSwitch what="Percentile curve" {...table} />}
    >
      {table.isTable && <CurveTable points={points} />}
      <div className={styles["side"]}>
        {points.length < 2 && (
          <p className={styles["caption"]}>Too few response times are known for a curve.</p>
        )}
        {points.length >= 2 && !table.isTable && (
          <Plot
            options={options}
            version="curve"
            data={data}
            height={200}
            description={`Percentile curve: ${Object.entries(summary?.percentiles ?? {})
              .map(([percentile, value]) => `p${percentile} ${inMs(value)} ms`)
              .join(", ")}.`}
          />
        )}
      </div>
    </Panel>
  );
};
