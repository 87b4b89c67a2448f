import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import { z } from "zod";
import type { ClusterProcess } from "../port.ts";

const stat = z.number().nullish();

const LOADING = new Set(["spawning", "running"]);
const ENDING = new Set(["stopping", "cleanup"]);

/** Whether a state of Locust's means load. */
export const isLoading = (state: string): boolean => LOADING.has(state);
export const isEnding = (state: string): boolean => ENDING.has(state);
export const isBusy = (state: string): boolean => isLoading(state) || isEnding(state);

/** One row of `/stats/requests`; every field but the names depends on Locust's version. */
const Row = z.looseObject({
  method: z.string().nullish(),
  name: z.string(),
  num_requests: z.number(),
  num_failures: z.number(),
  avg_response_time: stat,
  min_response_time: stat,
  max_response_time: stat,
  median_response_time: stat,
  "response_time_percentile_0.95": stat,
  "response_time_percentile_0.99": stat,
  ninety_ninth_response_time: stat,
  current_rps: stat,
  avg_content_length: stat,
});
type Row = z.output<typeof Row>;

export const Stats = z.looseObject({
  state: z.string(),
  user_count: z.number(),
  stats: z.array(Row),
  errors: z
    .array(
      z.looseObject({
        method: z.string().nullish(),
        name: z.string(),
        error: z.string(),
        occurrences: z.number(),
      }),
    )
    .optional(),
  workers: z
    .array(
      z.looseObject({
        id: z.string(),
        state: z.string(),
        user_count: stat,
        cpu_usage: stat,
        memory_usage: stat,
      }),
    )
    .optional(),
});
export type Stats = z.output<typeof Stats>;

/** The workers that the page shows. Of the master it tells nothing but its state. */
export const processesOf = ({ state, workers = [] }: Stats): ClusterProcess[] => {
  const unknown = {
    users: null,
    cpuPercent: null,
    memoryBytes: null,
    clockOffsetMs: null,
    pythonVersion: null,
  };
  return [
    { id: "master", role: "master", state, ...unknown },
    ...workers.map((worker): ClusterProcess => ({
      ...unknown,
      id: worker.id,
      role: "worker",
      state: worker.state,
      users: worker.user_count ?? null,
      cpuPercent: worker.cpu_usage ?? null,
      memoryBytes: worker.memory_usage ?? null,
    })),
  ];
};

/** A master without workers (local mode) lists none, and is a worker itself. */
export const connectedOf = ({ workers }: Stats): number =>
  workers === undefined ? 1 : workers.filter(({ state }) => state !== "missing").length;

const percentile99 = (row: Row): number | null =>
  row["response_time_percentile_0.99"] ?? row.ninety_ninth_response_time ?? null;

/** Without requests Locust writes 0 where it has no value. */
const statsOf = (row: Row) => {
  const known = (value: number | null | undefined): number | null =>
    row.num_requests === 0 ? null : (value ?? null);
  return {
    // Beyond this a number is not exact, and unknown.
    numRequests: Math.min(row.num_requests, Number.MAX_SAFE_INTEGER),
    numFailures: Math.min(row.num_failures, Number.MAX_SAFE_INTEGER),
    avgResponseTime: known(row.avg_response_time),
    minResponseTime: known(row.min_response_time),
    maxResponseTime: known(row.max_response_time),
    medianResponseTime: known(row.median_response_time),
    p95ResponseTime: known(row["response_time_percentile_0.95"]),
    p99ResponseTime: known(percentile99(row)),
    requestsPerSec: row.current_rps ?? null,
    avgContentLength: known(row.avg_content_length),
  };
};

/** Its totals and rows, as they are stored. */
export const snapshotOf = (stats: Stats): SnapshotInput => {
  const total = stats.stats.find((row) => row.name === "Aggregated");
  const rows = stats.stats.filter((row) => row !== total);
  const all = total === undefined ? undefined : statsOf(total);
  return {
    totalRps: all?.requestsPerSec,
    totalRequests: all?.numRequests ?? 0,
    totalFailures: all?.numFailures ?? 0,
    avgResponseMs: all?.avgResponseTime,
    p50ResponseMs: all?.medianResponseTime,
    p95ResponseMs: all?.p95ResponseTime,
    p99ResponseMs: all?.p99ResponseTime,
    currentUsers: stats.user_count,
    errorRate: undefined,
    requestStats: Object.fromEntries(
      rows.map((row) => [
        `${row.method ?? ""} ${row.name}`,
        { method: row.method ?? "", name: row.name, ...statsOf(row) },
      ]),
    ),
    errors: stats.errors?.map(({ method, name, error, occurrences }) => ({
      method: method ?? "",
      name,
      error,
      occurrences,
    })),
  };
};
