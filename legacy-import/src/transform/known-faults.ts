import type { Fields } from "../read/fields.ts";

/** What older programs are known to have written wrong, by the names that `metadata.migration.repaired` uses. */
export const REPAIRS = {
  zero_figures: "averages, minima, maxima or percentiles of 0 that were never filled in: unknown",
  invented_percentiles: "p95 and p99 that were 1.5 and 2 times the median: unknown",
  swapped_method: "method and name of an endpoint were the other way round",
  aggregated_endpoint: "the sum over all endpoints stood among the endpoints",
  impossible_figures: "figures that no measurement gives: unknown",
  time_unbelievable: "times before 1971 or after 2100: unknown",
  time_of_id: "no time was written: the second of the ObjectId is used",
  lost_before_migration: "runs that were for ever on their way: ended as Failed",
  recent_runs: "recentRuns rebuilt from the runs",
  id_of_document: "no id was written: _id is used",
  id_changed: "an id in another form than text: its text",
  default_value: "a required value that was missing, or could not be: today's default",
  scope_name: "names of projects or environments with spaces or slashes: dashes instead",
  script_encoding: "a script that was to be base64 and is not: taken as text",
  revision_number: "revision numbers that were missing or taken: the next free one",
} as const;
export type Repair = keyof typeof REPAIRS;

type Percentiles = {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
};

const times = (factor: number, median: number, value: number | null): boolean =>
  value === null || Math.abs(value - factor * median) <= 1e-9 * Math.abs(value);

/** 0 where there were requests was never filled in; below 0 cannot be. */
const figure = (fields: Fields, requests: number, names: readonly string[]): number | null => {
  let found: number | null = null;
  for (const name of names) {
    const value = fields.number(name);
    if (value === undefined) continue;
    if (value > 0) found ??= value;
    else if (value < 0) {
      fields.keep(name, value);
      fields.repaired.add("impossible_figures");
    } else if (requests > 0) fields.repaired.add("zero_figures");
  }
  return found;
};

const percentilesOf = (
  fields: Fields,
  requests: number,
  names: readonly [readonly string[], readonly string[], readonly string[]],
): Percentiles => {
  const [p50, p95, p99] = names.map((some) => figure(fields, requests, some)) as [
    number | null,
    number | null,
    number | null,
  ];
  const invented =
    p50 !== null && (p95 !== null || p99 !== null) && times(1.5, p50, p95) && times(2, p50, p99);
  if (!invented) return { p50, p95, p99 };
  fields.repaired.add("invented_percentiles");
  return { p50, p95: null, p99: null };
};

/** Stats of all endpoints together; what was never measured is null. */
export const totalFigures = (fields: Fields, requests: number) => {
  const { p50, p95, p99 } = percentilesOf(fields, requests, [
    ["p50ResponseMs", "medianResponseMs"],
    ["p95ResponseMs"],
    ["p99ResponseMs"],
  ]);
  return {
    avgResponseMs: figure(fields, requests, ["avgResponseMs", "averageResponseMs"]),
    minResponseMs: figure(fields, requests, ["minResponseMs"]),
    maxResponseMs: figure(fields, requests, ["maxResponseMs"]),
    p50ResponseMs: p50,
    p95ResponseMs: p95,
    p99ResponseMs: p99,
  };
};

export const endpointFigures = (fields: Fields, requests: number) => {
  const { p50, p95, p99 } = percentilesOf(fields, requests, [
    ["medianResponseTime", "p50ResponseTime"],
    ["p95ResponseTime"],
    ["p99ResponseTime"],
  ]);
  return {
    avgResponseTime: figure(fields, requests, ["avgResponseTime", "averageResponseTime"]),
    minResponseTime: figure(fields, requests, ["minResponseTime"]),
    maxResponseTime: figure(fields, requests, ["maxResponseTime"]),
    medianResponseTime: p50,
    p95ResponseTime: p95,
    p99ResponseTime: p99,
  };
};

const VERB = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT)$/;

/** Method and name of an endpoint the right way round: a name that is a verb, beside a method that is none, is the method. */
export const methodAndName = (
  method: string,
  name: string,
): { readonly method: string; readonly name: string; readonly swapped: boolean } => {
  if (!VERB.test(name) || VERB.test(method) || method === "") {
    return { method, name, swapped: false };
  }
  const path = method.startsWith(`${name} `) ? method.slice(name.length + 1) : method;
  return { method: name, name: path, swapped: true };
};
