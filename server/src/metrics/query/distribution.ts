import type {
  HeatmapAnswer,
  ScatterAnswer,
  DistributionQuery,
} from "@load-manager/contract/api/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import type { Responses } from "../codec/stats.ts";
import { bucketBounds, bucketOf, eachBucket, type Histogram } from "../codec/histogram.ts";
import type { Totals } from "../codec/totals.ts";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import { selectEndpoints } from "./endpoints.ts";
import type { WindowReader } from "./window.ts";

/** Eight histogram buckets are one group: eight groups an octave, each about 9 % wide. */
const BUCKETS_PER_GROUP = 8;

const lowerUs = (group: number): number => bucketBounds(group * BUCKETS_PER_GROUP).lowUs;

/** Counts by group, ascending. */
const groupsOf = (histograms: readonly Histogram[]): Map<number, number> => {
  const groups = new Map<number, number>();
  const add = (bucket: number, count: number): void => {
    const group = Math.floor(bucket / BUCKETS_PER_GROUP);
    groups.set(group, (groups.get(group) ?? 0) + count);
  };
  for (const histogram of histograms) {
    eachBucket(histogram, add);
    for (const [ms, count] of histogram.rounded ?? []) add(bucketOf(ms * 1000), count);
  }
  return new Map([...groups].toSorted(([a], [b]) => a - b));
};

const histogramsOf = ({ ok, failed }: Totals, responses: Responses): Histogram[] =>
  responses === "all" ? [ok, failed] : [responses === "ok" ? ok : failed];

/** Response times as points: one for each endpoint, time bucket and group of latencies with requests. */
export const createScatter =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof DistributionQuery>,
  ): Promise<z.output<typeof ScatterAnswer>> => {
    const { windowAggregate, runAggregate, step } = await readWindow(run, query, {
      points: query.points,
      selection: selectEndpoints("each", query.endpoint),
      separateFailures: true,
    });
    const endpoints = new Set<string>();
    const dataPoints: z.output<typeof ScatterAnswer>["dataPoints"] = [];
    for (const [second, byKey] of [...windowAggregate.totals].toSorted(([a], [b]) => a - b)) {
      for (const [id, totals] of byKey) {
        const { method, name } = endpointNameOf(runAggregate.names, id);
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

/** Counts by time and latency: every time bucket of the window, every group between the lowest and the highest latency. */
export const createHeatmap =
  (readWindow: WindowReader) =>
  async (
    run: LoadTestRun,
    query: z.output<typeof DistributionQuery>,
  ): Promise<z.output<typeof HeatmapAnswer>> => {
    const { windowAggregate, window, step } = await readWindow(run, query, {
      points: query.points,
      selection: selectEndpoints("sum", query.endpoint),
    });
    const t: number[] = [];
    const columns: Map<number, number>[] = [];
    for (let start = Math.floor(window.from / step) * step; start <= window.to; start += step) {
      const totals = [...(windowAggregate.totals.get(start)?.values() ?? [])];
      t.push(start * 1000);
      columns.push(groupsOf(totals.flatMap((one) => histogramsOf(one, query.responses))));
    }
    const groups = columns.flatMap((column) => [...column.keys()]);
    const [low, high] = groups.reduce(
      ([least, most], group) => [Math.min(least, group), Math.max(most, group)],
      [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
    );
    const allGroups =
      groups.length === 0 ? [] : Array.from({ length: high - low + 1 }, (_, index) => low + index);
    return {
      testRunId: run.id,
      runId: run.id,
      stepMs: step * 1000,
      t,
      lowerMs: allGroups.map((group) => lowerUs(group) / 1000),
      upperMs: allGroups.map((group) => lowerUs(group + 1) / 1000),
      counts: columns.map((column) => allGroups.map((group) => column.get(group) ?? 0)),
    };
  };
