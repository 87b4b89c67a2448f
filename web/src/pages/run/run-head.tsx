import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { ReactNode } from "react";
import { isEnded, loadTestQuery } from "../../api/queries.ts";
import { ProgressBar } from "../../components/progress-bar.tsx";
import { RunState } from "../../components/run-state.tsx";
import { TimeText } from "../../components/time-text.tsx";
import { Verdict } from "../../components/verdict.tsx";
import { counted } from "../../format/numbers.ts";
import { clock, duration } from "../../format/times.ts";
import { adviceFor } from "./advice.ts";
import { loadText } from "../run-settings/settings-words.ts";
import { RunActions } from "./run-actions.tsx";
import styles from "./run-head.module.css";
import { WaitingNote } from "./waiting-note.tsx";
import { loadSeconds } from "./window.ts";

type Dialog = { readonly isOpen: boolean; readonly setOpen: (open: boolean) => void };

const Progress = ({ run, now }: { readonly run: RunAnswer; readonly now: number }): ReactNode => {
  const { loadStartedAt, durationSeconds, loadProfile } = run;
  if (loadStartedAt === undefined || isEnded(run)) return null;
  const done = loadSeconds(run, now);
  if (durationSeconds === undefined)
    return (
      <p className={styles["progress"]}>
        <strong>{duration(done * 1000)}</strong>{" "}
        {loadProfile.kind === "script" ? "until the script’s shape ends" : "without a planned end"}
      </p>
    );
  const endsAt = loadStartedAt + durationSeconds * 1000;
  return (
    <div className={styles["progress"]}>
      <strong>{duration(Math.min(done, durationSeconds) * 1000)}</strong>
      <ProgressBar value={done} max={durationSeconds} />
      <span>
        of {loadProfile.kind === "script" && "at most "}
        {duration(durationSeconds * 1000)}, ends at {clock(endsAt)}
      </span>
    </div>
  );
};

const Item = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <span>
    <span className="muted">{name}</span> {children}
  </span>
);

/** How long the load lasted, and how long it was to last where that is not the same. */
const lastedText = (run: RunAnswer): string => {
  const lasted = duration(loadSeconds(run, 0) * 1000);
  const planned = run.durationSeconds === undefined ? lasted : duration(run.durationSeconds * 1000);
  return lasted === planned ? lasted : `${lasted} of ${planned}`;
};

const Facts = ({
  run,
  onScript,
}: {
  readonly run: RunAnswer;
  readonly onScript: () => void;
}): ReactNode => {
  const { engine, loadStartedAt } = run;
  const load = loadText(run);
  return (
    <div className={styles["facts"]}>
      {loadStartedAt === undefined ? (
        <Item name="created">
          <TimeText ms={run.createdAt} />
        </Item>
      ) : (
        <Item name="load began">
          <TimeText ms={loadStartedAt} hasSeconds />
        </Item>
      )}
      {isEnded(run) && loadStartedAt !== undefined && <Item name="lasted">{lastedText(run)}</Item>}
      <Item name="by">{run.createdBy}</Item>
      {load !== undefined && <Item name="load">{load}</Item>}
      {run.scriptRevisionNumber !== undefined && (
        <Item name="script">
          <button type="button" className={styles["link"]} onClick={onScript}>
            revision {run.scriptRevisionNumber}
          </button>
        </Item>
      )}
      {run.targetUrl !== undefined && <Item name="target">{run.targetUrl}</Item>}
      <Item name="cluster">
        {run.locustClusterId}
        {engine?.workers === undefined ? "" : `, ${counted(engine.workers, "worker")}`}
      </Item>
      {engine?.locustVersion !== undefined && <Item name="Locust">{engine.locustVersion}</Item>}
      {run.tags.map((tag) => (
        <span key={tag} className={styles["tag"]}>
          {tag}
        </span>
      ))}
    </div>
  );
};

/** The load test by its name, once that is known. */
const LoadTestLink = ({ loadTestId }: { readonly loadTestId: string }): ReactNode => {
  const { data } = useQuery(loadTestQuery(loadTestId));
  return (
    <Link to="/load-tests/$loadTestId" params={{ loadTestId }}>
      {data?.name ?? "Load test"}
    </Link>
  );
};

/** Title, status with its reason, what ran where, and what can be done with it. */
export const RunHead = ({
  run,
  now,
  stop,
  onScript,
}: {
  readonly run: RunAnswer;
  readonly now: number;
  readonly stop: Dialog;
  readonly onScript: () => void;
}): ReactNode => {
  const advice = run.statusReason === undefined ? undefined : adviceFor(run.statusReason.code);
  return (
    <header className={styles["head"]}>
      <nav aria-label="Where this is">
        <ol className={styles["crumbs"]}>
          <li>
            {run.loadTestId === undefined ? (
              <Link to="/runs">Runs</Link>
            ) : (
              <LoadTestLink loadTestId={run.loadTestId} />
            )}
          </li>
          <li aria-current="page">
            {run.runNumber === undefined ? run.name : `Run ${run.runNumber}`}
          </li>
        </ol>
      </nav>
      <div className={styles["title"]}>
        <h1>
          {run.name} <RunState status={run.status} /> <Verdict verdict={run.verdict} />
        </h1>
        <RunActions run={run} stop={stop} />
      </div>
      {run.status === "Pending" && <WaitingNote run={run} />}
      {run.status !== "Pending" && run.statusReason !== undefined && (
        <p className={styles["reason"]} title={run.statusReason.code}>
          {run.statusReason.message}
          {advice !== undefined && <span className="soft"> {advice}</span>}
        </p>
      )}
      <Facts run={run} onScript={onScript} />
      {run.notes !== undefined && <p className={styles["notes"]}>{run.notes}</p>}
      <Progress run={run} now={now} />
    </header>
  );
};
