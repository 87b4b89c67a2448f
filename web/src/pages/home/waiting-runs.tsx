import { Button } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { runsQuery } from "../../api/queries.ts";
import { Panel } from "../../components/panel.tsx";
import { RunState } from "../../components/run-state.tsx";
import { StopDialog } from "../../components/stop-dialog.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { useMay } from "../../components/use-may.ts";
import { TimeText } from "../../components/time-text.tsx";
import styles from "./home-page.module.css";

const HEADS: readonly Head[] = [
  { head: "Place", isNumber: true },
  { head: "Run" },
  { head: "Why it waits", isPlain: true },
  { head: "Expected start" },
  { head: "Actions", isHidden: true },
];

const Row = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const [isStopping, setStopping] = useState(false);
  const mayStop = useMay("runs.stop", run);
  const { statusReason } = run;
  return (
    <tr>
      <td className={cell.num}>{statusReason?.position ?? "–"}</td>
      <td>
        <div className={styles["name"]}>
          <RunState status={run.status} iconOnly />
          <Link to="/runs/$runId" params={{ runId: run.id }}>
            {run.name}
          </Link>
        </div>
      </td>
      <td className={styles["why"]}>
        {statusReason?.message}
        {statusReason?.runId !== undefined && (
          <>
            {" "}
            <Link to="/runs/$runId" params={{ runId: statusReason.runId }}>
              Show that run
            </Link>
          </>
        )}
      </td>
      <td>
        {statusReason?.expectedStartAt === undefined ? (
          "not known"
        ) : (
          <>
            <TimeText ms={statusReason.expectedStartAt} /> at the latest
          </>
        )}
      </td>
      <td className={cell.num}>
        <Button
          size="compact-sm"
          disabled={!mayStop}
          title={mayStop ? undefined : "This needs the role runner."}
          onClick={() => setStopping(true)}
        >
          Cancel
        </Button>
        <StopDialog run={run} isOpen={isStopping} onClose={() => setStopping(false)} />
      </td>
    </tr>
  );
};

/** The queue: which runs wait, for what, and how long. */
export const WaitingRuns = ({ scope }: { readonly scope: ScopeFilter }): ReactNode => {
  const { data } = useQuery(
    runsQuery(scope, { status: ["Pending"], sort: "createdAt", limit: 50 }),
  );
  const runs = data?.items ?? [];
  if (runs.length === 0) return null;
  return (
    <Panel title="Waiting" sub={runs.length === 1 ? "1 run" : `${runs.length} runs`}>
      <Table label="Waiting">
        <TableHead heads={HEADS} />
        <tbody>
          {runs.map((run) => (
            <Row key={run.id} run={run} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
};
