import type { ReactNode } from "react";

/** The sign of the product. */
export const Mark = (): ReactNode => (
  <svg
    width="18"
    height="18"
    viewBox="0 0 16 16"
    fill="none"
    stroke="var(--accent)"
    strokeWidth="1.6"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden
  >
    <path d="M2 2v12h12" />
    <path d="M4.5 11l3-4 2.5 2 3.5-5.5" />
  </svg>
);
