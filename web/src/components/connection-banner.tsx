import { Button } from "@mantine/core";
import { useInterval } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState } from "react";
import { isAway } from "../api/client.ts";
import { HEALTH_MS, healthQuery } from "../api/queries.ts";
import { clock, duration } from "../format/times.ts";
import styles from "./connection-banner.module.css";

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

/** Says above everything that the server does not answer, since when, and goes by itself. */
export const ConnectionBanner = (): ReactNode => {
  const health = useQuery(healthQuery);
  const { data, failureReason, dataUpdatedAt, errorUpdatedAt, refetch, isFetching } = health;
  const [now, setNow] = useState(() => Date.now());
  const { start, stop } = useInterval(() => setNow(Date.now()), 1000);
  const isLost = isAway(failureReason);
  useEffect(() => {
    if (!isLost) return undefined;
    start();
    return stop;
  }, [isLost, start, stop]);
  if (!isLost) return <NewVersion version={data?.version} />;
  const age =
    dataUpdatedAt === 0
      ? ""
      : `What you see is of ${clock(dataUpdatedAt)}, ${duration(now - dataUpdatedAt)} ago. `;
  const next = isFetching
    ? "Trying …"
    : `Next try in ${duration(errorUpdatedAt + HEALTH_MS - now)}.`;
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
