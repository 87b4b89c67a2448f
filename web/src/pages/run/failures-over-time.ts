import type { TimeSeries } from "../../charts/time-chart.tsx";
import { rate } from "../../format/numbers.ts";

const COLORS = ["--err", "--err-2", "--err-3"];

type Counts = readonly (number | null)[];
type FailuresOverTime = {
  readonly t: readonly number[];
  readonly stepMs: number;
  readonly series: readonly {
    readonly method: string;
    readonly name: string;
    readonly error: string;
    readonly counts: Counts;
  }[];
};

/** The time that is known, in Unix ms. `isGrowing`: what ends there goes on, and is shown once it is whole. */
export type Known = { readonly from: number; readonly to: number; readonly isGrowing: boolean };

const BAR_SECONDS = 5;
const MOST_BARS = 121;

/** How many points make bars of 5 s, or wider ones where that were too many. */
export const barsOf = ({ from, to }: { readonly from: number; readonly to: number }): number =>
  Math.min(MOST_BARS, Math.max(1, Math.ceil((to - from) / BAR_SECONDS) + 1));

/** How much of a bar is known, in seconds; 0 for one that is not whole yet. */
const secondsOf = (start: number, stepMs: number, { from, to, isGrowing }: Known): number => {
  const end = start + stepMs;
  if (isGrowing && end > to) return 0;
  return Math.max(0, Math.min(end, to) - Math.max(start, from)) / 1000;
};

/** Unknown where all are unknown. */
const sumOf = (all: readonly Counts[], length: number): (number | null)[] =>
  Array.from({ length }, (_, index) =>
    all.every((counts) => counts[index] == null)
      ? null
      : all.reduce((sum, counts) => sum + (counts[index] ?? 0), 0),
  );

const totalOf = (counts: Counts): number =>
  counts.reduce<number>((sum, one) => sum + (one ?? 0), 0);

/** The three most frequent errors of the endpoints, or two and all others as one, each per second. */
export const failureSeries = (
  { t, stepMs, series }: FailuresOverTime,
  endpoints: readonly string[],
  known: Known,
): TimeSeries[] => {
  const seconds = t.map((start) => secondsOf(start, stepMs, known));
  const mine = series.filter(
    ({ method, name }) => endpoints.length === 0 || endpoints.includes(`${method} ${name}`),
  );
  const byError = Map.groupBy(mine, ({ error }) => error);
  const all = [...byError]
    .map(([error, list]) => ({
      error,
      counts: sumOf(
        list.map(({ counts }) => counts),
        t.length,
      ),
    }))
    .toSorted((one, other) => totalOf(other.counts) - totalOf(one.counts));
  const most = all.length > 3 ? all.slice(0, 2) : all;
  const others = all.slice(most.length);
  const rest = {
    error: `${others.length} other errors`,
    counts: sumOf(
      others.map(({ counts }) => counts),
      t.length,
    ),
  };
  return [...most, ...(others.length === 0 ? [] : [rest])].map(({ error, counts }, index) => ({
    label: error.replaceAll(/\s+/g, " ").slice(0, 200),
    color: COLORS[index] ?? "--err-3",
    values: counts.map((count, at) => {
      const covered = seconds[at] ?? 0;
      return count === null || covered === 0 ? null : count / covered;
    }),
    kind: "bar",
    format: (value) => rate(value).value,
  }));
};
