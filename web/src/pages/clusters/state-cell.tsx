import type { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import {
  IconCircle,
  IconCircleDot,
  IconHelpCircle,
  IconWifiOff,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import { cell } from "../../components/table.tsx";
import { TimeText } from "../../components/time-text.tsx";
import styles from "./clusters-page.module.css";

type State = ClusterAnswer["state"];

const STATES: Readonly<Record<State, { readonly word: string; readonly icon: TablerIcon }>> = {
  idle: { word: "Idle", icon: IconCircle },
  busy: { word: "Busy", icon: IconCircleDot },
  unreachable: { word: "Unreachable", icon: IconWifiOff },
  unknown: { word: "Unknown", icon: IconHelpCircle },
};

/** Outlined as the states of a run, never in the colour of a verdict. */
export const StateCell = ({
  cluster: { state, since, message },
}: {
  readonly cluster: ClusterAnswer;
}): ReactNode => {
  const { word, icon: Icon } = STATES[state];
  return (
    <>
      <div className={state === "busy" ? styles["busy"] : styles["state"]}>
        <Icon size={16} stroke={1.5} aria-hidden />
        {word}
      </div>
      <div className={cell.second}>
        since <TimeText ms={since} />
      </div>
      {message !== undefined && state !== "busy" && (
        <div className={`${cell.second} ${styles["message"]}`}>{message}</div>
      )}
    </>
  );
};
