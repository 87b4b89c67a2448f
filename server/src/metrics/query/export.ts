import type { ExportQuery } from "@load-manager/contract/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { z } from "zod";
import { ROLLUP_SECONDS, type Level } from "../codec/rollup.ts";
import { bucketBounds, eachBucket, type Histogram } from "../codec/histogram.ts";
import type { Totals } from "../codec/totals.ts";
import { csvLine } from "./csv.ts";
import { aggregateWindow } from "./aggregate.ts";
import { EACH, resolveWindow, type QueryDeps, only, readPlanned } from "./window.ts";
import { rollupStarts } from "./plan.ts";
import { splitEndpoint } from "./timeseries.ts";

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

const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;

/** Occupied buckets of good and failed answers together. */
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
  const given = histograms
    .flatMap(({ rounded: known }) => [...(known ?? [])])
    .map(([ms, count]): [number, number, number] => [ms, ms, count]);
  return [...exact, ...given];
};

const recordOf = (
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
    sumResponseMs: rounded(totals.sumUs / 1000),
    minResponseMs: timed === 0 ? null : rounded(totals.minUs / 1000),
    maxResponseMs: timed === 0 ? null : rounded(totals.maxUs / 1000),
    contentBytes: totals.bytes,
  };
};

/** Lines of CSV or JSON, some minutes at a time: the memory it needs does not grow with the run. */
export const createExport = (deps: QueryDeps) =>
  async function* lines(
    run: LoadTestRun,
    query: z.output<typeof ExportQuery>,
  ): AsyncGenerator<string> {
    const { runAggregate, window, load } = await resolveWindow(deps, run, query);
    const step = STEPS[query.step];
    const ids = query.endpoint?.map((endpoint) => splitEndpoint(endpoint).id);
    const selection = ids === undefined ? EACH : only(ids, true);
    if (query.format === "csv") yield csvLine(HEAD);
    for (const start of rollupStarts(window, runAggregate.covered)) {
      const part = {
        from: Math.max(window.from, start),
        to: Math.min(window.to, start + ROLLUP_SECONDS - 1),
      };
      // A bucket that the window cuts through is made of seconds.
      const isCut = part.from % step !== 0 || (part.to + 1) % step !== 0;
      const plan = new Map<number, Level>([[start, isCut ? 1 : step]]);
      const { series } = selection;
      const reading = await readPlanned(deps, run.id, { plan, window: part, series, runAggregate });
      const { buckets } = aggregateWindow(reading, {
        ...part,
        step,
        keyOf: selection.keyOf,
        load,
        steady: false,
      });
      let text = "";
      for (const [second, bucket] of [...buckets].toSorted(([a], [b]) => a - b)) {
        for (const [id, totals] of bucket) {
          if (totals.requests === 0) continue;
          const name = runAggregate.names.get(id) ?? { method: "", name: `(${id})` };
          const record = recordOf(second, name, totals);
          text +=
            query.format === "csv"
              ? csvLine(Object.values(record))
              : `${JSON.stringify({ ...record, histogram: bucketsOf([totals.ok, totals.failed]) })}\n`;
        }
      }
      if (text !== "") yield text;
    }
  };
