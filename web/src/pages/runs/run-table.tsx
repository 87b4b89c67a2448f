import { Checkbox } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ClampedText } from "../../components/clamped-text.tsx";
import { rowKeys } from "../../components/row-keys.ts";
import { cell, Table, TableHead } from "../../components/table.tsx";
import type { LoadTestNames, RunColumn } from "./columns.tsx";
import styles from "./run-table.module.css";

const NO_NAMES: LoadTestNames = new Map();

export type RunSelection = {
  readonly chosen: readonly string[];
  readonly choose: (runId: string) => void;
};

const Row = ({
  run,
  columns,
  nameOf,
  loadTestNames,
  selection: { chosen, choose },
}: {
  readonly run: RunAnswer;
  readonly columns: readonly RunColumn[];
  readonly nameOf: (run: RunAnswer) => string;
  readonly loadTestNames: LoadTestNames;
  readonly selection: RunSelection;
}): ReactNode => {
  const isChosen = chosen.includes(run.id);
  return (
    <tr className={isChosen ? cell.chosen : undefined}>
      <td className={styles["choice"]}>
        <Checkbox
          size="xs"
          aria-label={`Select ${run.name}`}
          checked={isChosen}
          onChange={() => choose(run.id)}
        />
      </td>
      <td className={styles["name"]}>
        <Link data-row dir="auto" to="/runs/$runId" params={{ runId: run.id }}>
          <ClampedText text={nameOf(run)} />
        </Link>
      </td>
      {columns.map((column) => (
        <td key={column.key} className={column.isNumber ? cell.num : undefined}>
          {column.cell(run, loadTestNames)}
        </td>
      ))}
    </tr>
  );
};

/** Runs with the columns that are asked for; two can be chosen, to lay one under the other. */
export const RunTable = ({
  label,
  runs,
  columns,
  nameOf,
  loadTestNames = NO_NAMES,
  selection,
}: {
  readonly label: string;
  readonly runs: readonly RunAnswer[];
  readonly columns: readonly RunColumn[];
  readonly nameOf: (run: RunAnswer) => string;
  readonly loadTestNames?: LoadTestNames;
  readonly selection: RunSelection;
}): ReactNode => {
  const heads = [{ head: "Selected", isHidden: true }, { head: "Run" }, ...columns];
  return (
    <Table label={label}>
      <TableHead heads={heads} />
      <tbody ref={rowKeys}>
        {runs.map((run) => (
          <Row
            key={run.id}
            run={run}
            columns={columns}
            nameOf={nameOf}
            loadTestNames={loadTestNames}
            selection={selection}
          />
        ))}
      </tbody>
    </Table>
  );
};
