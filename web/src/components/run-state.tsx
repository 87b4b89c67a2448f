import type { RunStatus } from "@load-manager/contract/model/run.ts";
import {
  IconBan,
  IconCircleDot,
  IconClock,
  IconFlag,
  IconLoader,
  IconPlayerStop,
  IconSquare,
  type TablerIcon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import styles from "./run-state.module.css";

/** The word for each status, and its outline. `Failed` is no verdict: the run could not be carried out. */
const STATES: Readonly<Record<RunStatus, { readonly word: string; readonly icon: TablerIcon }>> = {
  Pending: { word: "Waiting", icon: IconClock },
  Starting: { word: "Starting", icon: IconLoader },
  Running: { word: "Running", icon: IconCircleDot },
  Stopping: { word: "Stopping", icon: IconPlayerStop },
  Finished: { word: "Finished", icon: IconFlag },
  Stopped: { word: "Stopped", icon: IconSquare },
  Failed: { word: "Could not run", icon: IconBan },
};

export const wordOf = (status: RunStatus): string => STATES[status].word;

type Props = { readonly status: RunStatus; readonly iconOnly?: boolean };

export const RunState = ({ status, iconOnly = false }: Props): ReactNode => {
  const { word, icon: Icon } = STATES[status];
  const name = [styles["state"], styles[status]].filter(Boolean).join(" ");
  return (
    <span className={name} title={iconOnly ? word : undefined}>
      <Icon size={16} stroke={1.5} aria-hidden />
      {iconOnly ? <span className="sr-only">{word}</span> : word}
    </span>
  );
};
