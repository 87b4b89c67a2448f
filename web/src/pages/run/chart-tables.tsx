import type { ReactNode } from "react";
import { rowsOf } from "../../charts/heatmap-rows.ts";
import type { HeatmapData } from "../../charts/heatmap-rows.ts";
import { count, inMs } from "../../format/numbers.ts";
import type { ChartPart } from "./chart-cursor.ts";
import { ChartTable } from "./chart-table.tsx";
import styles from "./chart-tables.module.css";

/** As many columns as a table has room for. */
const MOST_COLUMNS = 8;

/** The distribution as a table has it: how many requests of each time took how long. */
export const distributionPart = (heatmap: HeatmapData): ChartPart => ({
  title: "Requests by response time",
  times: heatmap.times,
  series: rowsOf(heatmap, MOST_COLUMNS).map(({ lower, upper, counts }) => ({
    label: `${inMs(lower)} to ${inMs(upper)} ms`,
    color: "--load",
    values: counts,
    format: count,
  })),
});

/** The values of all charts of the stack, a table for each time axis. */
export const ChartTables = ({
  parts,
  loadStartMs,
}: {
  readonly parts: readonly ChartPart[];
  readonly loadStartMs: number;
}): ReactNode =>
  parts
    .filter(({ series }) => series.length > 0)
    .map((part) => (
      <section key={part.title} className={styles["part"]}>
        <h3>{part.title}</h3>
        <ChartTable {...part} loadStartMs={loadStartMs} />
      </section>
    ));
