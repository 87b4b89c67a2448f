import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import { IconCircleDashed, IconWifiOff } from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./run-state.module.css";

const usageOf = ({ holders, maxConcurrentRuns, queueLength, state }: ClusterAnswer): string => {
  const waiting = queueLength === 0 ? "" : `, ${queueLength} waiting`;
  if (holders.length > 0) return `${holders.length} of ${maxConcurrentRuns} in use${waiting}`;
  return state === "busy" ? `busy${waiting}` : `free${waiting}`;
};

/** How much of a cluster is in use, or why it cannot be used. */
export const ClusterState = ({ cluster }: { readonly cluster: ClusterAnswer }): ReactNode => {
  const { state, message } = cluster;
  if (state === "unreachable" || state === "unknown") {
    const Icon = state === "unreachable" ? IconWifiOff : IconCircleDashed;
    return (
      <span className={styles["state"]} title={message}>
        <Icon size={16} stroke={1.5} aria-hidden />
        {state === "unreachable" ? "Unreachable" : "Unknown"}
      </span>
    );
  }
  return (
    <span className={styles["state"]} title={message}>
      {usageOf(cluster)}
    </span>
  );
};
