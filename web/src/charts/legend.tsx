import type { ReactNode } from "react";
import styles from "./charts.module.css";

export type LegendItem = {
  readonly label: string;
  readonly title?: string | undefined;
  readonly color: string;
  readonly dash?: readonly number[] | undefined;
  readonly kind?: "line" | "step" | "bar" | undefined;
  /** At the cursor, else the newest; `undefined` where it is unknown. */
  readonly value: string | undefined;
};

/** Names the series and reads their values. */
export const Legend = ({ items }: { readonly items: readonly LegendItem[] }): ReactNode => (
  <ul className={styles["legend"]}>
    {items.map(({ label, title, color, dash, kind, value }) => (
      <li key={label} title={title ?? label}>
        <svg width="16" height="10" aria-hidden>
          {kind === "bar" ? (
            <rect x="2" y="1" width="12" height="8" fill={`var(${color})`} />
          ) : (
            <line
              x1="0"
              x2="16"
              y1="5"
              y2="5"
              stroke={`var(${color})`}
              strokeWidth="2"
              strokeDasharray={dash?.join(" ")}
            />
          )}
        </svg>
        <span className={styles["name"]}>{label}</span>
        <b>{value ?? "–"}</b>
      </li>
    ))}
  </ul>
);
