import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { TimeText } from "../../components/time-text.tsx";
import { placeInLine } from "./place-in-line.ts";
import styles from "./run-head.module.css";

/** Where a run stands in the queue of its cluster: for what it waits, and how long. */
export const WaitingNote = ({ run }: { readonly run: RunAnswer }): ReactNode => {
  const { message, position, runId, expectedStartAt, expiresAt } = run.statusReason ?? {};
  return (
    <p className={styles["reason"]}>
      <strong>
        {placeInLine(position)} for {run.locustClusterId}
        {expectedStartAt === undefined ? (
          "; when it starts is not known."
        ) : (
          <>
            , starts at <TimeText ms={expectedStartAt} hasSeconds /> at the latest.
          </>
        )}
      </strong>{" "}
      {message}
      {runId !== undefined && (
        <>
          {" "}
          <Link to="/runs/$runId" params={{ runId }}>
            Show that run
          </Link>
        </>
      )}
      {expiresAt !== undefined && (
        <span className="soft">
          {" "}
          If it has not started by <TimeText ms={expiresAt} />, it is given up.
        </span>
      )}
    </p>
  );
};
