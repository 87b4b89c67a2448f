import type { ReactNode } from "react";
import type { Figure } from "../format/numbers.ts";
import styles from "./figures.module.css";

export type KeyFigure = {
  readonly name: string;
  readonly figure: Figure;
  /** Beneath: the whole run, or what it is made of. */
  readonly note?: ReactNode;
  /** Why it is unknown, or how sure it is. */
  readonly title?: string | undefined;
};

/** The key figures of a window, in one strip. */
export const Figures = ({ figures }: { readonly figures: readonly KeyFigure[] }): ReactNode => (
  <dl className={styles["strip"]}>
    {figures.map(({ name, figure, note, title }) => (
      <div key={name} title={title}>
        <dt>{name}</dt>
        <dd className={styles["value"]}>
          {figure.value} {figure.unit !== "" && <small>{figure.unit}</small>}
        </dd>
        <dd className={styles["note"]}>{note}</dd>
      </div>
    ))}
  </dl>
);
