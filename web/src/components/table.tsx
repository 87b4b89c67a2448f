import type { ReactNode } from "react";
import { rowLabels } from "./row-labels.ts";
import styles from "./table.module.css";

/** Class names of cells and rows, for pages that write their rows themselves. */
export const cell = {
  num: styles["num"] ?? "",
  total: styles["total"] ?? "",
  chosen: styles["chosen"] ?? "",
  second: styles["second"] ?? "",
};

/** A table that scrolls sideways where the page is narrow; on a phone each row has two lines. `label` names it for screen readers. */
export const Table = ({
  label,
  children,
}: {
  readonly label: string;
  readonly children: ReactNode;
}): ReactNode => (
  <div className={styles["scroll"]} tabIndex={0} role="region" aria-label={label}>
    <table ref={rowLabels} className={styles["table"]} aria-label={label}>
      {children}
    </table>
  </div>
);

type Direction = "ascending" | "descending";

/** The head of a column. */
export type Head = {
  readonly head: string;
  /** Where another column has the same words. */
  readonly key?: string;
  readonly isNumber?: boolean | undefined;
  /** Only read aloud. */
  readonly isHidden?: boolean;
  /** On a phone its cells say by themselves what they are. */
  readonly isPlain?: boolean | undefined;
  /** On a phone it has no room. */
  readonly isMinor?: boolean | undefined;
  /** On paper it has no room. */
  readonly isUnprinted?: boolean | undefined;
  /** Absent where the table is sorted by another column. */
  readonly sorted?: Direction | undefined;
  /** Makes the head a button. */
  readonly onSort?: () => void;
};

const HeadText = ({ head, isHidden = false, sorted, onSort }: Head): ReactNode => {
  if (isHidden) return <span className="sr-only">{head}</span>;
  if (onSort === undefined) return head;
  return (
    <button
      type="button"
      className={`${styles["sort"]} ${sorted === undefined ? "" : styles["sorted"]}`}
      onClick={onSort}
    >
      {sorted !== undefined && <span aria-hidden>{sorted === "ascending" ? "↑ " : "↓ "}</span>}
      {head}
    </button>
  );
};

/** The heads of all columns of a table. */
export const TableHead = ({ heads }: { readonly heads: readonly Head[] }): ReactNode => (
  <thead>
    <tr>
      {heads.map((one) => (
        <th
          key={one.key ?? one.head}
          scope="col"
          className={one.isNumber === true ? styles["num"] : undefined}
          data-is-plain={one.isPlain === true || one.isHidden === true || undefined}
          data-is-unprinted={one.isUnprinted === true || undefined}
          data-is-minor={one.isMinor === true || undefined}
          aria-sort={one.onSort === undefined ? undefined : (one.sorted ?? "none")}
        >
          <HeadText {...one} />
        </th>
      ))}
    </tr>
  </thead>
);
