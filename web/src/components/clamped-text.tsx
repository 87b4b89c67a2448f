import type { ReactNode } from "react";
import styles from "./clamped-text.module.css";

/** Longer ones would fill the screen as a tooltip. */
const MOST_ON_HOVER = 2000;

/** At most two lines of a name that somebody chose, and the whole of it on hover. */
export const ClampedText = ({ text }: { readonly text: string }): ReactNode => (
  <bdi className={styles["clamped"]} title={text.slice(0, MOST_ON_HOVER)}>
    {text}
  </bdi>
);
