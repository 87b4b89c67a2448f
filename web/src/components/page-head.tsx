import type { ReactNode } from "react";
import styles from "./page-head.module.css";

/** The head of a page: where it is, its title, what can be done, and what it is about. */
export const PageHead = ({
  crumbs,
  title,
  beside,
  actions,
  children,
}: {
  readonly crumbs?: ReactNode;
  readonly title: string;
  readonly beside?: ReactNode;
  readonly actions?: ReactNode;
  readonly children?: ReactNode;
}): ReactNode => (
  <header className={styles["head"]}>
    {crumbs !== undefined && (
      <nav aria-label="Where this is" className={styles["crumbs"]}>
        {crumbs}
      </nav>
    )}
    <div className={styles["title"]}>
      <h1>
        <bdi>{title}</bdi>
      </h1>
      {beside}
      {actions !== undefined && <div className={styles["actions"]}>{actions}</div>}
    </div>
    {children}
  </header>
);
