import type { ExportQuery } from "@load-manager/contract/api/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { ROLLUP_SECONDS, type Level } from "../codec/rollup.ts";
import { bucketBounds, eachBucket, type Histogram } from "../codec/histogram.ts";
import type { Totals } from "../codec/totals.ts";
import { csvLine } from "./csv.ts";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import { aggregateWindow } from "./aggregate.ts";
import { selectEndpoints } from "./endpoints.ts";
import { rollupStarts } from "./plan.ts";
import { type QueryDeps, readPlanned, resolveWindow } from "./window.ts";

const STEPS = { "1s": 1, "10s": 10, "60s": 60 } as const satisfies Record<string, Level>;

const HEAD = [
  "timestamp",
  "method",
  "name",
  "requests",
  "failures",
  "timedRequests",
  "sumResponseMs",
  "minResponseMs",
  "maxResponseMs",
  "contentBytes",
];

const toMicroseconds = (ms: number): number => Math.round(ms * 1000) / 1000;

/** The occupied buckets of several histograms, as [lower ms, upper ms, count]. Locust's rounded times have no width. */
const bucketsOf = (histograms: readonly Histogram[]): [number, number, number][] => {
  const counts = new Map<number, number>();
  for (const histogram of histograms) {
    eachBucket(histogram, (bucket, count) => counts.set(bucket, (counts.get(bucket) ?? 0) + count));
  }
  const exact = [...counts]
    .toSorted(([a], [b]) => a - b)
    .map(([bucket, count]): [number, number, number] => {
      const { lowUs, widthUs } = bucketBounds(bucket);
      return [lowUs / 1000, (lowUs + widthUs) / 1000, count];
    });
  const roundedByLocust = histograms
    .flatMap((histogram) => [...(histogram.rounded ?? [])])
    .map(([ms, count]): [number, number, number] => [ms, ms, count]);
  return [...exact, ...roundedByLocust];
};

const lineOf = (
  second: number,
  { method, name }: { readonly method: string; readonly name: string },
  totals: Totals,
) => {
  const timed = totals.requests - totals.noTime;
  return {
    timestamp: new Date(second * 1000).toISOString(),
    method,
    name,
    requests: totals.requests,
    failures: totals.failures,
    timedRequests: timed,
    sumResponseMs: toMicroseconds(totals.sumUs / 1000),
    minResponseMs: timed === 0 ? null : toMicroseconds(totals.minUs / 1000),
    maxResponseMs: timed === 0 ? null : toMicroseconds(totals.maxUs / 1000),
    contentBytes: totals.bytes,
  };
};

/** A line of CSV or JSON for each bucket and endpoint. Yields a rollup's window at a time, so that memory does not grow with the run. */
export const createExport = (deps: QueryDeps) =>
  async function* lines(
    run: LoadTestRun,
    query: z.output<typeof ExportQuery>,
  ): AsyncGenerator<string> {
    const { runAggregate, window, loadTime } = await resolveWindow(deps, run, query);
    const step = STEPS[query.step];
    const { series, keyOf } = selectEndpoints("each", query.endpoint);
    if (query.format === "csv") yield csvLine(HEAD);
    for (const start of rollupStarts(window, runAggregate.covered)) {
      const part = {
        from: Math.max(window.from, start),
        to: Math.min(window.to, start + ROLLUP_SECONDS - 1),
      };
      // A bucket that is only partly in the window is added up from seconds.
      const isPartial = part.from % step !== 0 || (part.to + 1) % step !== 0;
      const plan = new Map<number, Level>([[start, isPartial ? 1 : step]]);
      const reading = await readPlanned(deps, run.id, { plan, window: part, series, runAggregate });
      const options = { step, keyOf, loadTime, steady: false, separateFailures: true };
      const { totals: buckets } = aggregateWindow(reading, { ...part, ...options });
      let text = "";
      for (const [second, byKey] of [...buckets].toSorted(([a], [b]) => a - b)) {
        for (const [id, totals] of byKey) {
          if (totals.requests === 0) continue;
          const line = lineOf(second, endpointNameOf(runAggregate.names, id), totals);
          text +=
            query.format === "csv"
              ? csvLine(Object.values(line))
              : `${JSON.stringify({ ...line, histogram: bucketsOf([totals.ok, totals.failed]) })}\n`;
        }
      }
      if (text !== "") yield text;
    }
  };
