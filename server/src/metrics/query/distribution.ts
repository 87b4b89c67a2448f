import type {
  HeatmapAnswer,
  ScatterAnswer,
  DistributionQuery,
} from "@load-manager/contract/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { z } from "zod";
import type { Responses } from "../codec/stats.ts";
import { bucketBounds, bucketOf, eachBucket, type Histogram } from "../codec/histogram.ts";
import type { Totals } from "../codec/totals.ts";
import { EACH, type WindowReader, MERGED, only } from "./window.ts";
import { splitEndpoint } from "./timeseries.ts";

/** Eight buckets of scheme 1 are shown as one: eight an octave, each about 9 % wide. */
const SHOWN_TOGETHER = 8;

const lowerUs = (group: number): number => bucketBounds(group * SHOWN_TOGETHER).lowUs;

/** Counts by group of buckets, ascending. */
const groupsOf = (histograms: readonly Histogram[]): Map<number, number> => {
  const groups = new Map<number, number>();
  const add = (bucket: number, count: number): void => {
    const group = Math.floor(bucket / SHOWN_TOGETHER);
    groups.set(group, (groups.get(group) ?? 0) + count);
  };
  for (const histogram of histograms) {
    eachBucket(histogram, add);
    for (const [ms, count] of histogram.rounded ?? []) add(bucketOf(ms * 1000), count);
  }
  return new Map([...groups].toSorted(([a], [b]) => a - b));
};

const chosen = ({ ok, failed }: Totals, responses: Responses): Histogram[] =>
  responses === "all" ? [ok, failed] : [responses === "ok" ? ok : failed];

/** One point for each occupied bucket of time and latency of each endpoint. */
export const createScatter =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof DistributionQuery>,
  ): Promise<z.output<typeof ScatterAnswer>> => {
    const ids = query.endpoint?.map((endpoint) => splitEndpoint(endpoint).id);
    const selection = ids === undefined ? EACH : only(ids, true);
    const { windowAggregate, runAggregate, step } = await readWindow(run, query, {
      points: query.points,
      selection,
      apart: true,
    });
    const endpoints = new Set<string>();
    const dataPoints: z.output<typeof ScatterAnswer>["dataPoints"] = [];
    for (const [second, bucket] of [...windowAggregate.buckets].toSorted(([a], [b]) => a - b)) {
      for (const [id, totals] of bucket) {
        const { method, name } = runAggregate.names.get(id) ?? { method: "", name: `(${id})` };
        for (const success of [true, false]) {
          if (query.responses === (success ? "failed" : "ok")) continue;
          for (const [group, count] of groupsOf([success ? totals.ok : totals.failed])) {
            endpoints.add(`${method} ${name}`);
            dataPoints.push({
              timestamp: second * 1000,
              method,
              endpoint: name,
              responseTimeMs: (lowerUs(group) + lowerUs(group + 1)) / 2000,
              count,
              success,
            });
          }
        }
      }
    }
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: step * 1000,
      endpoints: [...endpoints].toSorted(),
      dataPoints,
    };
  };

/** Counts by time and latency, over all latencies between the lowest and the highest that occurred. */
export const createHeatmap =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof DistributionQuery>,
  ): Promise<z.output<typeof HeatmapAnswer>> => {
    const ids = query.endpoint?.map((endpoint) => splitEndpoint(endpoint).id);
    const selection = ids === undefined ? MERGED : only(ids, false);
    const { windowAggregate, window, step } = await readWindow(run, query, {
      points: query.points,
      selection,
    });
    const t: number[] = [];
    const columns: Map<number, number>[] = [];
    for (let start = Math.floor(window.from / step) * step; start <= window.to; start += step) {
      const totals = [...(windowAggregate.buckets.get(start)?.values() ?? [])];
      t.push(start * 1000);
      columns.push(groupsOf(totals.flatMap((one) => chosen(one, query.responses))));
    }
    const groups = columns.flatMap((column) => [...column.keys()]);
    const [low, high] = groups.reduce(
      ([least, most], group) => [Math.min(least, group), Math.max(most, group)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    const shown =
      groups.length === 0 ? [] : Array.from({ length: high - low + 1 }, (_, at) => low + at);
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: step * 1000,
      t,
      lowerMs: shown.map((group) => lowerUs(group) / 1000),
      upperMs: shown.map((group) => lowerUs(group + 1) / 1000),
      counts: columns.map((column) => shown.map((group) => column.get(group) ?? 0)),
    };
  };
