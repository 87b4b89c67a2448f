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
): TimeSeries[] => {
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
    values: counts.map((count) => (count === null ? null : count / (stepMs / 1000))),
    kind: "bar",
    format: (value) => rate(value).value,
  }));
};
