import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { shortRunName } from "../../format/run-name.ts";
import { runQueryOf } from "../../api/queries.ts";
import styles from "../../charts/charts.module.css";
import { type PercentileCurve as Curve, PercentileChart } from "../../charts/percentile-chart.tsx";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { axisNumber, inMs, responseTime, text } from "../../format/numbers.ts";
import { curvesOf } from "./percentile-points.ts";
import { endpointCurvesQuery, summaryQuery } from "./run-queries.ts";
import { MOST_ENDPOINTS, styleOf } from "./series.ts";
import { type TableChoice, TableSwitch } from "./table-switch.tsx";
import type { RunView } from "./view.ts";
import { figuresOfWindow } from "./window.ts";

/** What the legend reads without a cursor. */
const READ_AT = 95;

const CurveTable = ({
  percentiles,
  curves,
}: {
  readonly percentiles: readonly number[];
  readonly curves: readonly Curve[];
}): ReactNode => {
  const heads: Head[] = [
    { head: "Percentile", isNumber: true },
    ...curves.map(({ label }) => ({
      head: curves.length === 1 ? "Response time (ms)" : `${label} (ms)`,
      key: label,
      isNumber: true,
    })),
  ];
  return (
    <Table label="Percentile curve, as a table">
      <TableHead heads={heads} />
      <tbody>
        {percentiles.map((percentile, index) => (
          <tr key={percentile}>
            <td className={cell.num}>{percentile}</td>
            {curves.map(({ label, values }) => (
              <td key={label} className={cell.num}>
                {inMs(values[index])}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </Table>
  );
};

/** The same part of the run that is laid under the charts. */
const useOverlaid = ({ overlay, window }: RunView) => {
  const { data: run } = useQuery({ ...runQueryOf(overlay ?? ""), enabled: overlay !== undefined });
  const isAsked = overlay !== undefined && run?.loadStartedAt !== undefined;
  const { data } = useQuery({
    ...summaryQuery(overlay ?? "", window.kind, figuresOfWindow(window, run?.loadStartedAt)),
    enabled: isAsked,
  });
  return isAsked && data !== undefined
    ? {
        look: {
          label: `${shortRunName(run)}, all endpoints`,
          color: "--ghost",
          dash: [2, 3],
          width: 1.25,
        },
        measured: { percentiles: data.percentiles, timed: data.timedRequests },
      }
    : undefined;
};

/** All endpoints together, the chosen ones, and the run that is laid under them. */
const useCurves = (view: RunView) => {
  const { run, window, figures, endpoints } = view;
  const { data: summary } = useQuery(summaryQuery(run.id, window.kind, figures));
  const { data: rows } = useQuery({
    ...endpointCurvesQuery(run.id, window.kind, figures),
    enabled: endpoints.length > 0,
  });
  const overlaid = useOverlaid(view);
  return useMemo(
    () =>
      curvesOf([
        {
          look: {
            label: "All endpoints",
            ...(endpoints.length === 0
              ? { color: "--p95", width: 1.75 }
              : { color: "--p50", width: 1.25 }),
          },
          measured: { percentiles: summary?.percentiles, timed: summary?.timedRequests },
        },
        ...endpoints.slice(0, MOST_ENDPOINTS).map((endpoint, index) => {
          const row = rows?.items.find(({ method, name }) => `${method} ${name}` === endpoint);
          return {
            look: { label: endpoint, ...styleOf(index) },
            measured: { percentiles: row?.percentiles, timed: row?.totalRequests },
          };
        }),
        ...(overlaid === undefined ? [] : [overlaid]),
      ]),
    [summary, rows, overlaid, endpoints],
  );
};

/** How long the slowest requests took, percentile by percentile. */
export const PercentileCurve = ({
  view,
  table,
}: {
  readonly view: RunView;
  readonly table: TableChoice;
}): ReactNode => {
  const { percentiles, curves } = useCurves(view);
  return (
    <Panel
      title="Percentile curve"
      sub="ms, log scale, by nines"
      end={<TableSwitch what="Percentile curve" {...table} />}
    >
      {table.isTable && <CurveTable percentiles={percentiles} curves={curves} />}
      <div className={styles["side"]}>
        {percentiles.length < 2 && (
          <p className={styles["caption"]}>Too few response times are known for a curve.</p>
        )}
        {percentiles.length >= 2 && !table.isTable && (
          <PercentileChart
            percentiles={percentiles}
            curves={curves}
            readAt={READ_AT}
            height={200}
            format={(ms) => text(responseTime(ms))}
            axisFormat={axisNumber}
          />
        )}
      </div>
    </Panel>
  );
};
