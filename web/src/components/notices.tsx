import { Button, Skeleton } from "@mantine/core";
import { useTimeout } from "@mantine/hooks";
import { ProblemError } from "@load-manager/contract/api/http-client.ts";
import { type ReactNode, useEffect, useState } from "react";
import { isUnreached, messageOf } from "../api/client.ts";
import styles from "./notices.module.css";
import { useIsLost } from "./use-is-lost.ts";

const LATE_MS = 200;

/** What waits for data, in the shape of `lines` lines; nothing for the first moment, so that fast answers do not flicker. */
export const Loading = ({ lines = 3 }: { readonly lines?: number }): ReactNode => {
  const [isLate, setLate] = useState(false);
  const { start } = useTimeout(() => setLate(true), LATE_MS);
  useEffect(start, [start]);
  return (
    <div className={styles["loading"]} role="status">
      <span className="sr-only">Loading</span>
      {isLate &&
        Array.from({ length: lines }, (_, line) => (
          <Skeleton key={line} height={14} width={`${90 - ((line * 23) % 50)}%`} />
        ))}
    </div>
  );
};

/** What could not be read or done, why, and how to try again. That the server did not answer is not said any more once it does. */
export const Failure = ({
  what,
  error,
  onRetry,
}: {
  readonly what: string;
  readonly error: unknown;
  readonly onRetry?: () => void;
}): ReactNode => {
  const isLost = useIsLost();
  if (isUnreached(error) && !isLost) return null;
  const requestId = error instanceof ProblemError ? error.problem?.requestId : undefined;
  return (
    <div className={styles["failure"]} role="alert">
      <p>
        <strong>{what}</strong> {messageOf(error)}
      </p>
      {requestId !== undefined && <p className="muted">Request {requestId}</p>}
      {onRetry !== undefined && (
        <Button size="compact-sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
};

/** Where there is nothing: what will be here, and the step to it. */
export const Empty = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode => (
  <div className={styles["empty"]}>
    <strong>{title}</strong>
    {children}
  </div>
);
