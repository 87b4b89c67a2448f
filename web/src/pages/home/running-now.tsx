import { Button } from "@mantine/core";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { ScopeFilter } from "@load-manager/contract/model/primitives.ts";
import { IconPlayerStop } from "@tabler/icons-react";
import { keepPreviousData, queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { client } from "../../api/client.ts";
import { ACTIVE, canStop, runsQuery } from "../../api/queries.ts";
import { targetUsersAt } from "../../api/target-users.ts";
import { Panel } from "../../components/panel.tsx";
import { ProgressBar } from "../../components/progress-bar.tsx";
import { RunState } from "../../components/run-state.tsx";
import { Sparkline } from "../../components/sparkline.tsx";
import { StopDialog } from "../../components/stop-dialog.tsx";
import { cell, type Head, Table, TableHead } from "../../components/table.tsx";
import { useMay } from "../../components/use-may.ts";
import { useNow } from "../../components/use-now.ts";
import { count, inMs, percent, rate } from "../../format/numbers.ts";
import { duration } from "../../format/times.ts";
import styles from "./home-page.module.css";

const LINES_MS = 5000;
const POINTS = 60;

const HEADS: readonly Head[] = [
  { head: "Run" },
  { head: "Cluster", isMinor: true },
  { head: "Users", isNumber: true },
  { head: "Requests/s", isNumber: true },
  { head: "Requests per second over time", isHidden: true, isMinor: true },
  { head: "Failed (%)", isNumber: true },
  { head: "p95 (ms)", isNumber: true },
  { head: "p95 over time", isHidden: true, isMinor: true },
  { head: "Time left", isPlain: true },
  { head: "Actions", isHidden: true },
];

const linesQuery = (runId: string) =>
  queryOptions({
    queryKey: ["metrics", runId, "home lines"],
    queryFn: ({ signal }) =>
      client.getRunTimeseries({
        params: { runId },
        query: { points: POINTS, format: "columns", fields: "totalRps,p95ResponseMs" },
        signal,
      }),
    refetchInterval: LINES_MS,
    placeholderData: keepPreviousData,
  });

const TimeLeft = ({ run, now }: { readonly run: RunAnswer; readonly now: number }): ReactNode => {
  const { loadStartedAt, durationSeconds } = run;
  if (loadStartedAt === undefined) return "–";
  const done = Math.max(0, now - loadStartedAt);
  if (durationSeconds === undefined) return `${duration(done)} so far, no planned end`;
  const planned = durationSeconds * 1000;
  return (
    <span className={styles["left"]}>
      <ProgressBar value={done} max={planned} />
      {duration(Math.max(0, planned - done))}
    </span>
  );
};

const Row = ({ run, now }: { readonly run: RunAnswer; readonly now: number }): ReactNode => {
  const { data: lines } = useQuery(linesQuery(run.id));
  const [isStopping, setStopping] = useState(false);
  const mayStop = useMay("runs.stop", run);
  const { lastMetrics, healthReason } = run;
  const target = targetUsersAt(run, (now - (run.loadStartedAt ?? now)) / 1000);
  const isWeak = run.health !== "ok" && healthReason !== undefined;
  return (
    <tr>
      <td>
        <div className={styles["name"]}>
          <RunState status={run.status} iconOnly />
          <div>
            <Link to="/runs/$runId" params={{ runId: run.id }}>
              {run.name}
            </Link>
            <div className={cell.second}>
              {isWeak ? healthReason.message : `by ${run.createdBy}`}
            </div>
          </div>
        </div>
      </td>
      <td>{run.locustClusterId}</td>
      <td className={cell.num}>
        {count(lastMetrics?.currentUsers)} / {count(target)}
      </td>
      <td className={cell.num}>
        <strong>{rate(lastMetrics?.totalRps).value}</strong>
      </td>
      <td className={styles["line"]}>
        <Sparkline values={lines?.totalRps ?? []} color="--load" label="Requests per second" />
      </td>
      <td className={cell.num}>{percent(lastMetrics?.errorRate).value}</td>
      <td className={cell.num}>
        <strong>{inMs(lastMetrics?.p95ResponseMs)}</strong>
      </td>
      <td className={styles["line"]}>
        <Sparkline values={lines?.p95ResponseMs ?? []} label="p95 of the response time" />
      </td>
      <td>
        <TimeLeft run={run} now={now} />
      </td>
      <td className={cell.num}>
        <Button
          size="compact-sm"
          leftSection={<IconPlayerStop size={14} stroke={1.5} />}
          disabled={!mayStop || !canStop(run)}
          title={mayStop ? undefined : "This needs the role runner."}
          onClick={() => setStopping(true)}
        >
          Stop
        </Button>
        <StopDialog run={run} isOpen={isStopping} onClose={() => setStopping(false)} />
      </td>
    </tr>
  );
};

export const RunningNow = ({ scope }: { readonly scope: ScopeFilter }): ReactNode => {
  const { data } = useQuery(runsQuery(scope, { status: ACTIVE, limit: 50 }));
  const runs = data?.items ?? [];
  const now = useNow(runs.length > 0);
  if (runs.length === 0) return null;
  return (
    <Panel title="Running now" sub={runs.length === 1 ? "1 run" : `${runs.length} runs`}>
      <Table label="Running now">
        <TableHead heads={HEADS} />
        <tbody>
          {runs.map((run) => (
            <Row key={run.id} run={run} now={now} />
          ))}
        </tbody>
      </Table>
    </Panel>
  );
};
