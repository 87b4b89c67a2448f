import type { KneeAnswer } from "@load-manager/contract/api/knee.ts";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import styles from "../../charts/charts.module.css";
import { Scatter } from "../../charts/scatter.tsx";
import { Panel } from "../../components/panel.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { count, inMs, rate } from "../../format/numbers.ts";
import { sinceStart, stepText } from "../../format/times.ts";
import { hasPlugin } from "./drawn-charts.ts";
import { kneePoints, kneeSentence } from "./knee-points.ts";
import { kneeQuery } from "./run-queries.ts";
import { type TableChoice, TableSwitch } from "./table-switch.tsx";
import type { RunView } from "./view.ts";

const KNEE_HEADS: readonly Head[] = [
  { head: "Since load start" },
  { head: "Users", isNumber: true },
  { head: "Requests/s", isNumber: true },
  { head: "p95 (ms)", isNumber: true },
];

const KneeTable = ({
  points,
  loadStartMs,
}: Pick<KneeAnswer, "points"> & { readonly loadStartMs: number }): ReactNode => (
  <Table label="Where it breaks, as a table">
    <TableHead heads={KNEE_HEADS} />
    <tbody>
      {points.map(({ timestamp, users, requestsPerSec, p95ResponseMs }) => (
        <tr key={timestamp}>
          <td>{sinceStart((timestamp - loadStartMs) / 1000)}</td>
          <td className={cell.num}>{count(users)}</td>
          <td className={cell.num}>{rate(requestsPerSec).value}</td>
          <td className={cell.num}>{inMs(p95ResponseMs)}</td>
        </tr>
      ))}
    </tbody>
  </Table>
);

/** Latency against throughput: where the target stops keeping up. */
export const KneeChart = ({
  view,
  table,
}: {
  readonly view: RunView;
  readonly table: TableChoice;
}): ReactNode => {
  const { run, window, charts, endpoints, loadStartMs } = view;
  const { data } = useQuery(kneeQuery(run.id, window.kind, charts, endpoints));
  const { data: whole } = useQuery(kneeQuery(run.id, "whole", {}, endpoints));
  const [from, to] =
    window.kind === "whole"
      ? [-Infinity, Infinity]
      : [window.from, window.to].map((at) => loadStartMs + at * 1000);
  const drawn = whole ?? data;
  const points = useMemo(
    () => (drawn === undefined ? [] : kneePoints(drawn, from ?? -Infinity, to ?? Infinity)),
    [drawn, from, to],
  );
  if (data === undefined) return null;
  const { knee } = data;
  const cross =
    knee === null || knee.p95ResponseMs === null
      ? undefined
      : { x: knee.requestsPerSec, y: knee.p95ResponseMs };
  const outside = points.some(({ isOutside }) => isOutside)
    ? "; outlined ones lie outside the window"
    : "";
  const sentence = kneeSentence(data, hasPlugin(run));
  return (
    <Panel
      title="Where it breaks"
      sub="p95 in ms by requests/s"
      end={<TableSwitch what="Where it breaks" {...table} />}
    >
      {table.isTable && <KneeTable points={data.points} loadStartMs={loadStartMs} />}
      {!table.isTable && points.length > 1 && (
        <div className={styles["side"]}>
          <Scatter
            points={points}
            cross={cross}
            height={220}
            description={`Latency against throughput. ${sentence}`}
          />
        </div>
      )}
      <p className={styles["caption"]}>
        {points.length > 1 &&
          `One point for ${stepText((drawn ?? data).stepMs)}, a stronger shade with more users${outside}. `}
        {sentence}
      </p>
    </Panel>
  );
};
