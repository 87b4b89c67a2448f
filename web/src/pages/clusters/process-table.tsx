import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import type { ReactNode } from "react";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { bytes, count, text, UNKNOWN } from "../../format/numbers.ts";
import styles from "./clusters-page.module.css";

type Process = ClusterAnswer["processes"][number];

const HEADS: readonly Head[] = [
  { head: "Process" },
  { head: "State" },
  { head: "Users", isNumber: true },
  { head: "CPU, % of one core" },
  { head: "Memory", isNumber: true },
  { head: "Clock against master", isNumber: true },
  { head: "Python" },
  { head: "Last heard", isNumber: true },
];

/** A load generator with more than this of one core cannot be trusted to make its load. */
const SATURATED_PERCENT = 90;

const Cpu = ({ cpuPercent }: Pick<Process, "cpuPercent">): ReactNode => {
  if (cpuPercent === null) return UNKNOWN;
  const isSaturated = cpuPercent >= SATURATED_PERCENT;
  return (
    <span className={isSaturated ? styles["saturated"] : styles["cpu"]}>
      <meter
        min={0}
        max={100}
        high={SATURATED_PERCENT}
        value={Math.min(100, cpuPercent)}
        aria-hidden
      />
      {count(cpuPercent)} %{isSaturated && ", saturated"}
    </span>
  );
};

const offsetText = (ms: number | null): string => {
  if (ms === null) return UNKNOWN;
  const sign = ms < 0 ? "−" : ms > 0 ? "+" : "";
  return `${sign}${count(Math.abs(ms))} ms`;
};

/** The Locust processes of a cluster, as its master last told of them. */
export const ProcessTable = ({
  cluster: { id, kind, processes },
}: {
  readonly cluster: ClusterAnswer;
}): ReactNode => {
  if (processes.length === 0)
    return (
      <p className="muted">
        {kind === "local"
          ? "A local cluster starts processes for each run, and ends them with it. They are on the page of the run."
          : "Its master tells nothing of its processes: it does not answer, has no plugin, or works for a scope that you do not see."}
      </p>
    );
  return (
    <Table label={`Processes of ${id}`}>
      <TableHead heads={HEADS} />
      <tbody>
        {processes.map((process) => (
          <tr key={process.id}>
            <td className={styles["process"]}>
              {process.role}{" "}
              {process.id !== process.role && <span className="muted">{process.id}</span>}
            </td>
            <td>{process.state}</td>
            <td className={cell.num}>{count(process.users)}</td>
            <td>
              <Cpu cpuPercent={process.cpuPercent} />
            </td>
            <td className={cell.num}>{text(bytes(process.memoryBytes))}</td>
            <td className={cell.num}>{offsetText(process.clockOffsetMs)}</td>
            <td>{process.pythonVersion ?? UNKNOWN}</td>
            <td className={cell.num}>
              {process.lastHeardAt === null ? (
                UNKNOWN
              ) : (
                <TimeText ms={process.lastHeardAt} hasSeconds />
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
};
