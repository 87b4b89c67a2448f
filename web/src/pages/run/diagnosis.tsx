import { Button } from "@mantine/core";
import type { Finding } from "@load-manager/contract/api/findings.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { isEnded } from "../../api/queries.ts";
import { sinceStart } from "../../format/times.ts";
import { adviceFor } from "./advice.ts";
import styles from "./diagnosis.module.css";
import { type Stretch, stretchOf, textOfFinding } from "./findings.ts";
import { useProcessNames } from "./process-names.ts";
import { summaryQuery } from "./run-queries.ts";

type Line = {
  readonly key: string;
  readonly what: string;
  readonly meaning: string;
  readonly when: string;
  readonly stretch: Stretch | undefined;
};

const whenOf = ({ since, until }: Pick<Finding, "since" | "until">, run: RunAnswer): string => {
  if (run.loadStartedAt === undefined) return "";
  const at = (time: number): string => sinceStart((time - (run.loadStartedAt ?? 0)) / 1000);
  return until === undefined ? `since ${at(since)}` : `${at(since)} to ${at(until)}`;
};

/** What weakens the run, the worst first: the health of a run that goes on, then what its metrics show. */
const linesOf = (
  run: RunAnswer,
  findings: readonly Finding[],
  now: number,
  nameOf: (id: string) => string,
): Line[] => {
  const { health, healthReason } = run;
  const codes = new Set<string>(findings.map(({ code }) => code));
  const isHealthTold = healthReason === undefined || codes.has(healthReason.code);
  const live: Line[] =
    isEnded(run) || health === "ok" || isHealthTold
      ? []
      : [
          {
            key: "health",
            what: healthReason.message,
            meaning: adviceFor(healthReason.code) ?? "",
            when:
              healthReason.since === undefined
                ? ""
                : whenOf({ since: healthReason.since, until: undefined }, run),
            stretch: undefined,
          },
        ];
  return [
    ...live,
    ...findings.map((finding, index) => ({
      key: `${finding.code} ${index}`,
      ...textOfFinding(finding, nameOf),
      when: whenOf(finding, run),
      stretch: stretchOf(finding, run, now),
    })),
  ];
};

/** One line of diagnosis: the worst of what weakens the run, and how many more there are. Nothing while all is well. */
export const Diagnosis = ({
  run,
  now,
  onWindow,
}: {
  readonly run: RunAnswer;
  readonly now: number;
  /** Shows a time in the charts, in seconds since load start. */
  readonly onWindow: (window: readonly [number, number]) => void;
}): ReactNode => {
  const { data: summary } = useQuery({
    ...summaryQuery(run.id, "whole", {}),
    enabled: run.loadStartedAt !== undefined,
  });
  const [isWhole, setWhole] = useState(false);
  const names = useProcessNames(run.id, run.loadStartedAt !== undefined);
  const lines = linesOf(run, summary?.findings ?? [], now, names);
  const [first] = lines;
  if (first === undefined) return null;
  const shown = isWhole ? lines : [first];
  return (
    <div className={styles["line"]} role="status">
      <IconAlertTriangle size={16} stroke={1.5} aria-hidden />
      <ul>
        {shown.map(({ key, what, meaning, when, stretch }) => (
          <li key={key}>
            <strong>{what}</strong>{" "}
            {when !== "" && (
              <span className="soft">{`${when.charAt(0).toUpperCase()}${when.slice(1)}.`}</span>
            )}{" "}
            {meaning}
            {stretch !== undefined && (
              <>
                {" "}
                <Button
                  size="compact-sm"
                  aria-label={`Show this time: ${what}`}
                  onClick={() => onWindow(stretch)}
                >
                  Show this time
                </Button>
              </>
            )}
          </li>
        ))}
      </ul>
      {lines.length > 1 && (
        <Button size="compact-sm" onClick={() => setWhole(!isWhole)}>
          {isWhole ? "Only the worst" : `and ${lines.length - 1} more`}
        </Button>
      )}
    </div>
  );
};
