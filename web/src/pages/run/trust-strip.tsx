import type { Trust } from "@load-manager/contract/api/findings.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { IconAlertTriangle, IconCheck, IconCircleDashed } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { count } from "../../format/numbers.ts";
import { duration, sinceStart } from "../../format/times.ts";
import { summaryQuery } from "./run-queries.ts";
import styles from "./trust-strip.module.css";

type State = Trust["load"]["state"];
type Part = {
  readonly name: string;
  readonly state: State;
  readonly value: string;
  readonly note: string;
};

const UNMEASURED = "not measured without the plugin";

/** The end of a worker's long id tells it from the others. */
const shortened = (id: string): string => (id.length > 16 ? `…${id.slice(-8)}` : id);

const loadPart = ({ load }: Trust, run: RunAnswer): Part => ({
  name: "Load reached",
  state: load.state,
  value:
    load.users === null ? "unknown" : `${count(load.users)} of ${count(load.targetUsers)} users`,
  note:
    load.reachedAt === null || run.loadStartedAt === undefined
      ? "not yet"
      : `since ${sinceStart((load.reachedAt - run.loadStartedAt) / 1000)}`,
});

const generatorsPart = ({ generators }: Trust): Part => {
  const { process, cpuPercent, workers, state } = generators;
  const lost = workers.lost ?? 0;
  return {
    name: "Load generators",
    state,
    value:
      process === null || cpuPercent === null
        ? "unknown"
        : `${shortened(process)} at most ${count(cpuPercent)} %`,
    note:
      process === null
        ? UNMEASURED
        : lost > 0
          ? `${lost} of ${count(workers.expected)} workers lost`
          : "of one CPU core, mean of 10 s; the limit is 90 %",
  };
};

const dataPart = ({ data }: Trust, now: number, isLive: boolean): Part => ({
  name: "Data complete",
  state: data.state,
  value:
    data.gaps === 0
      ? data.state === "fine"
        ? "no gaps"
        : "not all has arrived"
      : `${data.gaps === 1 ? "1 gap" : `${data.gaps} gaps`}, ${duration(data.gapSeconds * 1000)}`,
  note:
    data.lastSecondAt === null
      ? "no metrics yet"
      : isLive
        ? `last second arrived ${duration(Math.max(0, now - data.lastSecondAt - 1000))} ago`
        : "every second has arrived once",
});

const clocksPart = ({ clocks }: Trust): Part => ({
  name: "Clocks agree",
  state: clocks.state,
  value:
    clocks.offsetMs === null
      ? "unknown"
      : `within ${count(Math.max(1, Math.abs(clocks.offsetMs)))} ms`,
  note: clocks.process === null ? UNMEASURED : `${shortened(clocks.process)} is off most`,
});

const percentilesPart = ({ percentiles }: Trust): Part => ({
  name: "Percentiles",
  state: percentiles.state,
  value:
    percentiles.error === null
      ? "Locust’s own"
      : `error at most ${(percentiles.error.relative * 100).toFixed(1)} %`,
  note: percentiles.error === null ? UNMEASURED : "merged histograms, no averages",
});

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
  if (data === undefined) return null;
  const { trust } = data;
  const parts = [
    loadPart(trust, run),
    generatorsPart(trust),
    dataPart(trust, now, isLive),
    clocksPart(trust),
    percentilesPart(trust),
  ];
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
