import type { ReactNode } from "react";

/** Text as a program wrote it. It may scroll, so it can be reached with the keyboard; `label` says what it is. */
export const CodeText = ({
  label,
  className,
  children,
}: {
  readonly label: string;
  readonly className?: string | undefined;
  readonly children: string;
}): ReactNode => (
  <pre tabIndex={0} role="region" aria-label={label} className={className}>
    {children}
  </pre>
);
