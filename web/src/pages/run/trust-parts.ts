import type { Trust } from "@load-manager/contract/api/findings.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { count } from "../../format/numbers.ts";
import { duration, sinceStart } from "../../format/times.ts";
import { hasPlugin } from "./drawn-charts.ts";

type State = Trust["load"]["state"];
export type TrustPart = {
  readonly name: string;
  readonly state: State;
  readonly value: string;
  readonly note: string;
};

const UNMEASURED = "not measured without the plugin";

/** What a process is called, by its id. */
type Names = (id: string) => string;

const loadPart = ({ load }: Trust, run: RunAnswer): TrustPart => ({
  name: "Load reached",
  state: load.state,
  value:
    load.users === null ? "unknown" : `${count(load.users)} of ${count(load.targetUsers)} users`,
  note:
    load.reachedAt === null || run.loadStartedAt === undefined
      ? "not yet"
      : `${load.state === "fine" ? "reached at" : "all at"} ${sinceStart((load.reachedAt - run.loadStartedAt) / 1000)}${load.state === "fine" ? "" : ", then fewer"}`,
});

const generatorsPart = ({ generators }: Trust, nameOf: Names): TrustPart => {
  const { process, cpuPercent, workers, state } = generators;
  const lost = workers.lost ?? 0;
  return {
    name: "Load generators",
    state,
    value:
      process === null || cpuPercent === null
        ? "unknown"
        : `${nameOf(process)} at most ${count(cpuPercent)} %`,
    note:
      process === null
        ? UNMEASURED
        : lost > 0
          ? `${lost} of ${count(workers.expected)} workers lost`
          : "of one CPU core, mean of 10 s; the limit is 90\u00A0%",
  };
};

/** Seconds between two answers of a Locust without the plugin are not known to have arrived. */
const polledData: TrustPart = {
  name: "Data complete",
  state: "unknown",
  value: "totals only",
  note: UNMEASURED,
};

const measuredData = ({ data }: Trust, now: number, isLive: boolean): TrustPart => ({
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
        : data.state === "fine"
          ? "every second has arrived once"
          : "totals may be too low",
});

const dataPart = (trust: Trust, run: RunAnswer, now: number, isLive: boolean): TrustPart =>
  trust.data.state === "fine" && !hasPlugin(run) ? polledData : measuredData(trust, now, isLive);

const clocksPart = ({ clocks }: Trust, nameOf: Names): TrustPart => ({
  name: "Clocks agree",
  state: clocks.state,
  value:
    clocks.offsetMs === null
      ? "unknown"
      : `within ${count(Math.max(1, Math.abs(clocks.offsetMs)))} ms`,
  note: clocks.process === null ? UNMEASURED : `${nameOf(clocks.process)} is off most`,
});

const percentilesPart = ({ percentiles }: Trust): TrustPart => ({
  name: "Percentiles",
  state: percentiles.state,
  value:
    percentiles.error === null
      ? "Locust’s own"
      : `error at most ${(percentiles.error.relative * 100).toFixed(1)} %`,
  note: percentiles.error === null ? UNMEASURED : "merged histograms, no averages",
});

/** What the strip says of a run's data, each with its figure and a note. */
export const trustParts = (
  trust: Trust,
  run: RunAnswer,
  now: number,
  isLive: boolean,
  nameOf: Names,
): readonly TrustPart[] => [
  loadPart(trust, run),
  generatorsPart(trust, nameOf),
  dataPart(trust, run, now, isLive),
  clocksPart(trust, nameOf),
  percentilesPart(trust),
];
