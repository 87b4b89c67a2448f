import type { ReactNode } from "react";
import { beyondOf, expressionOf, isViolated, type RunCriterion } from "./criterion-place.ts";
import { type Margin, marginOf } from "./verdict-rows.ts";
import styles from "./verdict-panel.module.css";

const WIDTH = 120;
const HEIGHT = 8;
const LIMIT_AT = (WIDTH * 2) / 3;

const Bar = ({
  share,
  isBeyond,
  isLower,
}: Margin & { readonly isBeyond: boolean; readonly isLower: boolean }): ReactNode => {
  const end = Math.min(WIDTH, share * LIMIT_AT);
  // Of a lower limit what is missing up to it is beyond it.
  const [from, to] = isLower ? [end, LIMIT_AT] : [LIMIT_AT, end];
  return (
    <svg width={WIDTH} height={HEIGHT + 8} aria-hidden>
      <rect x="0.5" y="4.5" width={WIDTH - 1} height={HEIGHT - 1} className={styles["track"]} />
      <rect x="0" y="4" width={end} height={HEIGHT} className={styles["figure"]} />
      {isBeyond && to > from && (
        <rect x={from} y="4" width={to - from} height={HEIGHT} className={styles["beyond"]} />
      )}
      <rect x={LIMIT_AT - 1} y="0" width="2" height={HEIGHT + 8} className={styles["limit"]} />
    </svg>
  );
};

/** The figure of a criterion against its limit, which stands at two thirds; nothing where one is unknown. */
export const MarginBar = ({ one }: { readonly one: RunCriterion }): ReactNode => {
  const expression = expressionOf(one);
  const margin = marginOf(one);
  if (expression === undefined || margin === undefined) return null;
  return (
    <span className={styles["margin"]}>
      <Bar
        {...margin}
        isBeyond={isViolated(one)}
        isLower={beyondOf(expression.operator) === "below"}
      />
      <span className="muted">{margin.text}</span>
    </span>
  );
};
