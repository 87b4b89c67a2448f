import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Empty, Loading } from "../../components/notices.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { bytes, count, text } from "../../format/numbers.ts";
import { useProcessNames } from "./process-names.ts";
import styles from "./run-details.module.css";
import { processesQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

const HEADS: readonly Head[] = [
  { head: "Process" },
  { head: "Last state" },
  { head: "Users", isNumber: true },
  { head: "CPU, last", isNumber: true },
  { head: "CPU, most", isNumber: true },
  { head: "Memory, most", isNumber: true },
  { head: "Clock offset (ms)", isNumber: true },
];

const last = (values: readonly (number | null)[]): number | null =>
  values.findLast((value) => value !== null) ?? null;
const most = (values: readonly (number | null)[]): number | null =>
  values.reduce<number | null>(
    (highest, value) => (value === null ? highest : Math.max(value, highest ?? value)),
    null,
  );
const cpu = (value: number | null): string => (value === null ? "–" : `${Math.round(value)} %`);

/** The Locust processes of the run: their newest state and what they used at most. */
export const WorkerTable = ({ view }: { readonly view: RunView }): ReactNode => {
  const { run, window, charts } = view;
  const { data } = useQuery(processesQuery(run.id, window.kind, charts));
  const names = useProcessNames(run.id);
  if (data === undefined) return <Loading />;
  if (data.processes.length === 0)
    return (
      <Empty title="Nothing is known of the Locust processes.">
        <p>The plugin measures them; this run has none, or has not begun.</p>
      </Empty>
    );
  return (
    <Table label="Locust processes">
      <TableHead heads={HEADS} />
      <tbody>
        {data.processes.map((one) => (
          <tr key={one.id}>
            <td>
              {names(one.id)}{" "}
              {one.role === "worker" && (
                <span className={`mono muted ${styles["id"]}`}>{one.id}</span>
              )}
            </td>
            <td>{one.state}</td>
            <td className={cell.num}>{count(last(one.users))}</td>
            <td className={cell.num}>{cpu(last(one.cpuPercent))}</td>
            <td className={cell.num}>{cpu(most(one.maxCpuPercent))}</td>
            <td className={cell.num}>{text(bytes(most(one.memoryBytes)))}</td>
            <td className={cell.num}>{count(last(one.clockOffsetMs))}</td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
};
