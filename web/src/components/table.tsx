import type { ReactNode } from "react";
import styles from "./table.module.css";

/** Class names of cells and rows, for pages that write their rows themselves. */
export const cell = {
  num: styles["num"] ?? "",
  total: styles["total"] ?? "",
  chosen: styles["chosen"] ?? "",
  second: styles["second"] ?? "",
};

/** A table that scrolls sideways where the page is narrow. `label` names it for screen readers. */
export const Table = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}): ReactNode => (
  <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={label}>
    <table className={styles["table"]} aria-label={label}>
      {children}
    </table>
  </div>
);

type Direction = "ascending" | "descending";
type SortProps = {
  readonly children: ReactNode;
  /** Absent where the table is sorted by another column. */
  readonly sorted: Direction | undefined;
  readonly isNumber?: boolean;
  readonly onSort: () => void;
};

/** The head of a column that sorts the table. */
export const SortHead = ({ children, sorted, isNumber = false, onSort }: SortProps): ReactNode => (
  <th scope="col" className={isNumber ? styles["num"] : undefined} aria-sort={sorted ?? "none"}>
    <button
      type="button"
      className={`${styles["sort"]} ${sorted === undefined ? "" : styles["sorted"]}`}
      onClick={onSort}
    >
      {sorted !== undefined && <span aria-hidden>{sorted === "ascending" ? "↑ " : "↓ "}</span>}
      {children}
    </button>
  </th>
);
