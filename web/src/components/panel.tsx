import type { ReactNode } from "react";
import styles from "./panel.module.css";

type Props = {
  readonly title?: ReactNode;
  /** Beside the title: what it counts, or which window it shows. */
  readonly sub?: ReactNode;
  /** At the right end of the head: controls and links. */
  readonly end?: ReactNode;
  readonly children: ReactNode;
  readonly label?: string;
};

export const Panel = ({ title, sub, end, children, label }: Props): ReactNode => (
  <section className={styles["panel"]} aria-label={label}>
    {title !== undefined && (
      <header className={styles["head"]}>
        <h2>{title}</h2>
        {sub !== undefined && <span className={styles["sub"]}>{sub}</span>}
        {end !== undefined && <div className={styles["end"]}>{end}</div>}
      </header>
    )}
    {children}
  </section>
);

export const PanelBody = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <div className={styles["body"]}>{children}</div>
);
