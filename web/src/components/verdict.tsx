import type { Verdict as Value } from "@load-manager/contract/model/criterion.ts";
import type { ReactNode } from "react";
import styles from "./verdict.module.css";

type Known = Exclude<Value, "none">;

const WORDS: Readonly<Record<Known, string>> = {
  passed: "Passed",
  failed: "Failed",
  inconclusive: "Inconclusive",
};

/** Each verdict has its own outline, so that it is told without colour: circle, square, diamond. */
const OUTLINES: Readonly<Record<Known, ReactNode>> = {
  passed: (
    <>
      <circle cx="8" cy="8" r="7" />
      <path className={styles["sign"]} d="M4.8 8.2l2.2 2.2 4.2-4.4" />
    </>
  ),
  failed: (
    <>
      <rect x="1.5" y="1.5" width="13" height="13" rx="2" />
      <path className={styles["sign"]} d="M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6" />
    </>
  ),
  inconclusive: (
    <>
      <path d="M8 .5l7.5 7.5-7.5 7.5L.5 8z" />
      <path
        className={styles["sign"]}
        d="M6.2 6.4a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.2M8 11.3v.1"
      />
    </>
  ),
};

/** A verdict as a filled shape and a word; nothing without one. `isIcon`: the word is only read aloud, and in the tooltip. */
export const Verdict = ({
  verdict,
  isIcon = false,
}: {
  readonly verdict: Value;
  readonly isIcon?: boolean;
}): ReactNode =>
  verdict !== "none" && (
    <span
      className={[styles["verdict"], styles[verdict]].join(" ")}
      title={isIcon ? WORDS[verdict] : undefined}
    >
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden>
        {OUTLINES[verdict]}
      </svg>
      {isIcon ? <span className="sr-only">{WORDS[verdict]}</span> : WORDS[verdict]}
    </span>
  );
