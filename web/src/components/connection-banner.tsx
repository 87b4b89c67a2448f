import { Button } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { connection } from "../api/client.ts";
import { healthQuery, TRY_MS } from "../api/queries.ts";
import { clock, duration } from "../format/times.ts";
import styles from "./connection-banner.module.css";
import { useIsLost } from "./use-is-lost.ts";

/** Says that the server is of another version than when the page was opened. */
const NewVersion = ({ version }: { readonly version: string | undefined }): ReactNode => {
  const [first, setFirst] = useState(version);
  if (first === undefined && version !== undefined) setFirst(version);
  if (first === undefined || version === undefined || first === version) return null;
  return (
    <div className={styles["banner"]} role="status">
      <strong>The server is now version {version}.</strong>
      <span>This page is of version {first}.</span>
      <Button size="compact-sm" onClick={() => location.reload()}>
        Load the new page
      </Button>
    </div>
  );
};

/** Says above everything that the server does not answer, since when, and goes by itself with its next answer. */
export const ConnectionBanner = (): ReactNode => {
  const isLost = useIsLost();
  const { data, errorUpdatedAt, refetch, isFetching } = useQuery(healthQuery);
  const [now, setNow] = useState(() => Date.now());
  const { start, stop } = useInterval(() => setNow(Date.now()), 1000);
  useEffect(() => {
    if (!isLost) return undefined;
    start();
    // From now on it is asked for more often.
    void refetch();
    return stop;
  }, [isLost, start, stop, refetch]);
  if (!isLost) return <NewVersion version={data?.version} />;
  const answeredAt = connection.answeredAt();
  const age =
    answeredAt === 0
      ? ""
      : `What you see is of ${clock(answeredAt)}, ${duration(Math.max(0, now - answeredAt))} ago. `;
  const next = isFetching
    ? "Trying …"
    : `Next try in ${duration(Math.min(TRY_MS, Math.max(0, errorUpdatedAt + TRY_MS - now)))}.`;
  return (
    <div className={styles["banner"]}>
      <strong role="alert">The server does not answer.</strong>
      <span>
        {age}Runs go on without it. {next}
      </span>
      <Button size="compact-sm" loading={isFetching} onClick={() => void refetch()}>
        Try now
      </Button>
    </div>
  );
};
