import type { ReactNode } from "react";
import styles from "./toolbar.module.css";

/** Above a list: what narrows it. */
export const Toolbar = ({ children }: { readonly children: ReactNode }): ReactNode => (
  <div className={styles["toolbar"]}>{children}</div>
);
