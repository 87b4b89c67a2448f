import type { ReactNode } from "react";
import styles from "./progress-bar.module.css";

/** How much of the planned time of a run is over. It is as wide as its place. */
export const ProgressBar = ({
  value,
  max,
}: {
  readonly value: number;
  readonly max: number;
}): ReactNode => (
  <progress
    className={styles["bar"]}
    value={value}
    max={max}
    aria-label="Part of the planned time"
  />
);
