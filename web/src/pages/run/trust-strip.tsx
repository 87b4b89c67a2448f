import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { IconAlertTriangle, IconCheck, IconCircleDashed } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useProcessNames } from "./process-names.ts";
import { summaryQuery } from "./run-queries.ts";
import { trustParts } from "./trust-parts.ts";
import styles from "./trust-strip.module.css";

const ICONS = { fine: IconCheck, flawed: IconAlertTriangle, unknown: IconCircleDashed } as const;
const WORDS = { fine: "fine", flawed: "flawed", unknown: "unknown" } as const;

/** Whether the run's data can be trusted; of the whole run, whatever window is shown. */
export const TrustStrip = ({
  run,
  now,
  isLive,
}: {
  readonly run: RunAnswer;
  readonly now: number;
  readonly isLive: boolean;
}): ReactNode => {
  const { data } = useQuery({
    ...summaryQuery(run.id, "whole", {}),
    enabled: run.loadStartedAt !== undefined,
  });
  const names = useProcessNames(run.id, run.loadStartedAt !== undefined);
  if (data === undefined) return null;
  const { trust } = data;
  const parts = trustParts(trust, run, now, isLive, names);
  return (
    <dl className={styles["strip"]} aria-label="Can the data be trusted (whole run)">
      {parts.map(({ name, state, value, note }) => {
        const Icon = ICONS[state];
        return (
          <div key={name} className={styles[state]}>
            <dt>
              <Icon size={16} stroke={1.5} aria-hidden />
              {name} <span className="sr-only">({WORDS[state]})</span>
            </dt>
            <dd className={styles["value"]}>{value}</dd>
            <dd className={styles["note"]}>{note}</dd>
          </div>
        );
      })}
    </dl>
  );
};
