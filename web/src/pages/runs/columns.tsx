import { isEnded } from "../../api/queries.ts";
import { serverNow } from "../../api/server-time.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ClampedText } from "../../components/clamped-text.tsx";
import { RunState } from "../../components/run-state.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { cell } from "../../components/table.tsx";
import type { Head } from "../../components/table.tsx";
import { Tags } from "../../components/tags.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { count, inMs, percent, rate, UNKNOWN } from "../../format/numbers.ts";
import { duration, moment } from "../../format/times.ts";
import { figuresOf } from "./figures.ts";
import styles from "./run-table.module.css";

export type LoadTestNames = ReadonlyMap<string, string>;

export type RunColumn = Pick<Head, "head" | "isNumber" | "isPlain" | "isMinor"> & {
  readonly key: string;
  /** `loadTestNames`: by id, as far as they are known. */
  readonly cell: (run: RunAnswer, loadTestNames: LoadTestNames) => ReactNode;
};

const timeLeft = ({ status, loadStartedAt, durationSeconds }: RunAnswer): string | undefined => {
  if (status !== "Running" || loadStartedAt === undefined || durationSeconds === undefined)
    return undefined;
  return `${duration(loadStartedAt + durationSeconds * 1000 - serverNow())} left`;
};

/** Said of what did not run its course, and of what still waits. */
const needsReason = ({ status }: RunAnswer): boolean =>
  status === "Failed" || status === "Stopped" || status === "Pending";

const State = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const left = timeLeft(run);
  return (
    <>
      <span className={styles["state"]}>
        <RunState status={run.status} />
        <Verdict verdict={run.verdict} />
        {left !== undefined && <span className="muted">{left}</span>}
      </span>
      {needsReason(run) && run.statusReason !== undefined && (
        <div className={`${cell.second} ${styles["reason"]}`} title={run.statusReason.message}>
          {run.statusReason.message}
        </div>
      )}
    </>
  );
};

/** How long the load lasted, or will last at most; unknown of a run that ended before it made any. */
const loadTime = (
  run: Pick<RunAnswer, "status" | "loadStartedAt" | "loadEndedAt" | "durationSeconds">,
): string => {
  const { loadStartedAt, loadEndedAt, durationSeconds } = run;
  if (loadStartedAt !== undefined && loadEndedAt !== undefined)
    return duration(loadEndedAt - loadStartedAt);
  if (loadStartedAt === undefined && isEnded(run)) return UNKNOWN;
  return durationSeconds === undefined ? UNKNOWN : `of ${duration(durationSeconds * 1000)}`;
};

export const RUN_COLUMNS = {
  state: { key: "state", head: "State", isPlain: true, cell: (run) => <State run={run} /> },
  loadTest: {
    key: "loadTest",
    head: "Load test",
    isMinor: true,
    cell: ({ loadTestId }, loadTestNames) =>
      loadTestId === undefined ? (
        <span className="muted">none: started at Locust</span>
      ) : (
        <Link to="/load-tests/$loadTestId" params={{ loadTestId }}>
          <ClampedText text={loadTestNames.get(loadTestId) ?? "deleted, or not listed"} />
        </Link>
      ),
  },
  started: {
    key: "started",
    head: "Started",
    isPlain: true,
    cell: ({ status, loadStartedAt, createdAt }) =>
      loadStartedAt === undefined ? (
        <span title={`${status === "Pending" ? "It waits since" : "Created"} ${moment(createdAt)}`}>
          {UNKNOWN}
        </span>
      ) : (
        <TimeText ms={loadStartedAt} />
      ),
  },
  lasted: { key: "lasted", head: "Lasted", isMinor: true, isNumber: true, cell: loadTime },
  by: { key: "by", head: "By", isMinor: true, cell: ({ createdBy }) => <bdi>{createdBy}</bdi> },
  users: {
    key: "users",
    head: "Users",
    isMinor: true,
    isNumber: true,
    cell: (run) => count(figuresOf(run).users),
  },
  requests: {
    key: "requests",
    head: "Requests",
    isMinor: true,
    isNumber: true,
    cell: (run) => count(figuresOf(run).totalRequests),
  },
  rate: {
    key: "rate",
    head: "Requests/s",
    isMinor: true,
    isNumber: true,
    cell: (run) => rate(figuresOf(run).requestsPerSec).value,
  },
  failed: {
    key: "failed",
    head: "Failed (%)",
    isNumber: true,
    cell: (run) => percent(figuresOf(run).errorRate).value,
  },
  p95: {
    key: "p95",
    head: "p95 (ms)",
    isNumber: true,
    cell: (run) => inMs(figuresOf(run).p95ResponseMs),
  },
  tags: { key: "tags", head: "Tags", cell: ({ tags }) => <Tags tags={tags} /> },
  cluster: { key: "cluster", head: "Cluster", cell: ({ locustClusterId }) => locustClusterId },
  scope: {
    key: "scope",
    head: "Scope",
    cell: ({ accountId, orgId, projectId, envId }) =>
      `${accountId} / ${orgId} / ${projectId}${envId === undefined ? "" : ` · ${envId}`}`,
  },
  notes: {
    key: "notes",
    head: "Notes",
    cell: ({ notes }) =>
      notes === undefined ? (
        UNKNOWN
      ) : (
        <bdi className={styles["notes"]} title={notes.slice(0, 500)}>
          {notes.slice(0, 200)}
        </bdi>
      ),
  },
} as const satisfies Readonly<Record<string, RunColumn>>;
export type ColumnKey = keyof typeof RUN_COLUMNS;
