import type { Fields } from "../read/fields.ts";

/**
 * Known faults of older programs and their repairs; the keys are the names in `metadata.migration.repaired`, where the name of
 * a field may follow: `default_value: spawnRate`.
 */
export const REPAIRS = {
  zero_values: "averages, minima, maxima or percentiles of 0 that were never measured: unknown",
  invented_percentiles: "p95 and p99 computed as 1.5 and 2 times the median: unknown",
  swapped_method: "method and name of an endpoint were swapped: swapped back",
  aggregated_endpoint: "the sum over all endpoints was listed as an endpoint: removed",
  impossible_values: "values that cannot be measured: unknown",
  implausible_time: "times before 1971 or after 2100: unknown",
  time_of_id: "no time was written: the time of the ObjectId is used",
  lost_before_migration: "runs without an end: Failed",
  recent_runs: "recentRuns rebuilt from the runs",
  id_of_document: "no id was written: _id is used",
  id_changed: "an id that was not text: its text",
  default_value: "a required value that could not be used: today's default",
  tags: "tags that were empty, repeated, too long or too many: left out",
  scope_name: "spaces or slashes in names of projects or environments: dashes",
  script_encoding: "a script that should have been base64 and is not: taken as text",
  revision_number: "revision numbers that were missing or in use: the next free one",
} as const;
type RepairName = keyof typeof REPAIRS;
export type Repair = RepairName | `${RepairName}: ${string}`;

type Percentiles = {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly p99: number | null;
};

const times = (factor: number, median: number, value: number | null): boolean =>
  value === null || Math.abs(value - factor * median) <= 1e-9 * Math.abs(value);

/** The first measured time of these fields. Older programs wrote 0 for unknown. */
const measured = (fields: Fields, requests: number, names: readonly string[]): number | null => {
  let found: number | null = null;
  for (const name of names) {
    const value = fields.number(name);
    if (value === undefined) continue;
    if (value > 0) found ??= value;
    else if (value < 0) {
      fields.keep(name, value);
      fields.repair("impossible_values", name);
    } else if (requests > 0) fields.repair("zero_values", name);
  }
  return found;
};

const percentilesOf = (
  fields: Fields,
  requests: number,
  names: readonly [readonly string[], readonly string[], readonly string[]],
): Percentiles => {
  const [p50, p95, p99] = names.map((some) => measured(fields, requests, some)) as [
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

/** The stats over all endpoints; null where nothing was measured. */
export const totalStats = (fields: Fields, requests: number) => {
  const { p50, p95, p99 } = percentilesOf(fields, requests, [
    ["p50ResponseMs", "medianResponseMs"],
    ["p95ResponseMs"],
    ["p99ResponseMs"],
  ]);
  return {
    avgResponseMs: measured(fields, requests, ["avgResponseMs", "averageResponseMs"]),
    minResponseMs: measured(fields, requests, ["minResponseMs"]),
    maxResponseMs: measured(fields, requests, ["maxResponseMs"]),
    p50ResponseMs: p50,
    p95ResponseMs: p95,
    p99ResponseMs: p99,
  };
};

export const endpointStats = (fields: Fields, requests: number) => {
  const { p50, p95, p99 } = percentilesOf(fields, requests, [
    ["medianResponseTime", "p50ResponseTime"],
    ["p95ResponseTime"],
    ["p99ResponseTime"],
  ]);
  return {
    avgResponseTime: measured(fields, requests, ["avgResponseTime", "averageResponseTime"]),
    minResponseTime: measured(fields, requests, ["minResponseTime"]),
    maxResponseTime: measured(fields, requests, ["maxResponseTime"]),
    medianResponseTime: p50,
    p95ResponseTime: p95,
    p99ResponseTime: p99,
  };
};
