import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { runsQuery } from "../../api/queries.ts";
import { Empty, Failure, Loading } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { RunState } from "../../components/run-state.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { inMs, percent, rate } from "../../format/numbers.ts";
import styles from "./home-page.module.css";

const FILTER = {
  status: ["Finished", "Stopped", "Failed"],
  sort: "-finishedAt",
  limit: 10,
} as const;

const HEADS: readonly Head[] = [
  { head: "Run" },
  { head: "State", isPlain: true },
  { head: "Requests/s", isNumber: true, isMinor: true },
  { head: "Failed (%)", isNumber: true },
  { head: "p95 (ms)", isNumber: true },
  { head: "Ended", isNumber: true, isPlain: true },
];

const Row = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const { summary, status, statusReason } = run;
  // A run that ended as planned needs no sentence.
  const isPlanned = status === "Finished";
  return (
    <tr>
      <td>
        <div className={styles["name"]}>
          <div>
            <Link to="/runs/$runId" params={{ runId: run.id }}>
              {run.name}
            </Link>
            {!isPlanned && statusReason !== undefined && (
              <div className={cell.second}>{statusReason.message}</div>
            )}
          </div>
        </div>
      </td>
      <td>
        <span className={styles["state"]}>
          <RunState status={status} />
          <Verdict verdict={run.verdict} />
        </span>
      </td>
      <td className={cell.num}>{rate(summary?.requestsPerSec).value}</td>
      <td className={cell.num}>{percent(summary?.errorRate).value}</td>
      <td className={cell.num}>{inMs(summary?.p95ResponseMs)}</td>
      <td className={cell.num}>
        {run.finishedAt === undefined ? "–" : <TimeText ms={run.finishedAt} />}
      </td>
    </tr>
  );
};

export const LatestResults = ({ scope }: { readonly scope: ScopeFilter }): ReactNode => {
  const runs = useQuery(runsQuery(scope, FILTER));
  const items = runs.data?.items ?? [];
  return (
    <Panel title="Latest results" end={<Link to="/runs">All runs</Link>}>
      {runs.error !== null && runs.data === undefined && (
        <Failure
          what="The runs cannot be read."
          error={runs.error}
          onRetry={() => void runs.refetch()}
        />
      )}
      {runs.isPending && <Loading lines={5} />}
      {runs.data !== undefined && items.length === 0 && (
        <Empty title="No run has ended yet.">
          <p>Each run that ends is here, with its figures and the reason of its end.</p>
        </Empty>
      )}
      {items.length > 0 && (
        <Table label="Latest results">
          <TableHead heads={HEADS} />
          <tbody>
            {items.map((run) => (
              <Row key={run.id} run={run} />
            ))}
          </tbody>
        </Table>
      )}
    </Panel>
  );
};
