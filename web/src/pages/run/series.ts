import {
  durationOfStages,
  plannedUsersAt,
  type Stage,
} from "@load-manager/contract/model/load-profile.ts";
import type { TimeSeries } from "../../charts/time-chart.tsx";
import { rate, responseTime, text } from "../../format/numbers.ts";

type Values = readonly (number | null)[];
/** The columns of a chart, by the API's names. */
export type Columns = Readonly<Record<string, Values | undefined>>;

const perSecond = (value: number): string => rate(value).value;
const ms = (value: number): string => text(responseTime(value));

export const secondsSince = (loadStartMs: number, times: readonly number[]): number[] =>
  times.map((time) => (time - loadStartMs) / 1000);

/** The users that are asked for at a time. */
export const TARGET = "Target";

/** Requests, and for all endpoints together the users. */
export const loadSeries = (columns: Columns, length: number, hasUsers: boolean): TimeSeries[] => {
  const of = (name: string) => columns[name] ?? Array.from({ length }, () => null);
  const users = { color: "--users", kind: "step", axis: "right", format: String } as const;
  return [
    { label: "Requests/s", color: "--load", values: of("totalRps"), format: perSecond },
    ...(hasUsers
      ? [
          { ...users, label: "Users", values: of("currentUsers") },
          { ...users, label: TARGET, values: of("targetUsers"), dash: [4, 3] },
        ]
      : []),
  ];
};

/** What comes at the end of a stage belongs to the next one. */
const JUST_BEFORE = 1e-6;

/** The users that stages plan for the end of each point of `step` seconds, also of those to which the run has not come yet. */
export const plannedUsers = (
  stages: readonly Stage[],
  times: readonly number[],
  step: number,
): number[] => {
  const end = durationOfStages(stages);
  return times.map((from) =>
    // The last point may reach beyond the load.
    from < end ? plannedUsersAt(stages, Math.min(from + step, end) - JUST_BEFORE) : 0,
  );
};

/** Percentiles and, where each point has its own, the bounds of the band. */
export const latencySeries = (
  columns: Columns,
  length: number,
  hasBounds: boolean,
): TimeSeries[] => {
  const of = (name: string) => columns[name] ?? Array.from({ length }, () => null);
  return [
    { label: "p50", color: "--p50", values: of("p50ResponseMs"), width: 1.25, format: ms },
    { label: "p95", color: "--p95", values: of("p95ResponseMs"), width: 1.75, format: ms },
    { label: "p99", color: "--p99", values: of("p99ResponseMs"), width: 1.25, format: ms },
    ...(hasBounds
      ? ([
          { label: "max", color: "--band", values: of("maxResponseMs"), format: ms, isBound: true },
          { label: "min", color: "--band", values: of("minResponseMs"), format: ms, isBound: true },
        ] as const)
      : []),
  ];
};

/** Several endpoints or classes in one chart, each also with a dash of its own. */
const STYLES: readonly (readonly [color: string, dash: readonly number[] | undefined])[] = [
  ["--accent", undefined],
  ["--err", [6, 3]],
  ["--cyan", [2, 3]],
  ["--violet", [8, 3, 2, 3]],
  ["--brown", [4, 4]],
  ["--load", [1, 3]],
];
/** So many endpoints fit into one chart. */
export const MOST_ENDPOINTS = STYLES.length;

export const styleOf = (index: number) => {
  const [color, dash] = STYLES[index % STYLES.length] ?? ["--accent", undefined];
  return { color, ...(dash === undefined ? {} : { dash }) };
};

type EndpointColumns = {
  readonly endpoint: string;
  /** The start of each of its points, in Unix ms. */
  readonly t?: readonly number[] | undefined;
  readonly totalRps?: Values | undefined;
  readonly p95ResponseMs?: Values | undefined;
};

/** All times of the endpoints' points, in Unix ms: one that began later has fewer. */
export const timesOfEndpoints = (series: readonly EndpointColumns[]): number[] =>
  [...new Set(series.flatMap(({ t = [] }) => t))].toSorted((one, other) => one - other);

/** One line for each endpoint, over the times of all. */
export const endpointSeries = (
  series: readonly EndpointColumns[],
  field: "totalRps" | "p95ResponseMs",
): TimeSeries[] => {
  const times = timesOfEndpoints(series);
  return series.slice(0, MOST_ENDPOINTS).map((one, index) => {
    const valueOf = new Map(one.t?.map((time, at) => [time, one[field]?.[at] ?? null]));
    return {
      ...styleOf(index),
      label: one.endpoint,
      values: times.map((time) => valueOf.get(time) ?? null),
      format: field === "totalRps" ? perSecond : ms,
    };
  });
};

type ClassColumns = { readonly name: string; readonly currentUsers: Values };

/** The users of each class, on the right axis. */
export const classSeries = (classes: readonly ClassColumns[]): TimeSeries[] =>
  classes.slice(0, MOST_ENDPOINTS).map(({ name, currentUsers }, index) => ({
    ...styleOf(index),
    label: name,
    values: currentUsers,
    kind: "step",
    axis: "right",
    format: String,
  }));

/** The values that another run had at these times since its load start: those of its point in which the time lies. */
export const valuesAt = (
  times: readonly number[],
  other: { readonly times: readonly number[]; readonly values: Values; readonly step: number },
): (number | null)[] => {
  let index = 0;
  return times.map((time) => {
    while (index + 1 < other.times.length && (other.times[index + 1] ?? 0) <= time + 1e-6)
      index += 1;
    const start = other.times[index];
    const isInside = start !== undefined && start <= time + 1e-6 && time < start + other.step;
    return isInside ? (other.values[index] ?? null) : null;
  });
};

/** The times, and after the last one more in the same step until `end`, where another run has values. */
export const timesUntil = (times: readonly number[], step: number, end: number): number[] => {
  const last = times.at(-1) ?? -step;
  const more = Math.max(0, Math.floor((end - last) / step));
  return [...times, ...Array.from({ length: more }, (_, index) => last + (index + 1) * step)];
};
