import type { ExportQuery } from "@load-manager/contract/api/metrics-detail.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { ROLLUP_SECONDS, type Level } from "../codec/rollup.ts";
import { bucketBounds, eachBucket, type Histogram } from "../codec/histogram.ts";
import { viewOf, withoutExtremes } from "../codec/stats.ts";
import { contentBytes, isExact, type Totals } from "../codec/totals.ts";
import { hasPartialExtremes } from "../live/snapshot.ts";
import { csvLine } from "./csv.ts";
import { endpointNameOf } from "../codec/endpoint-id.ts";
import { aggregateWindow } from "./aggregate.ts";
import { byName, selectEndpoints } from "./endpoints.ts";
import { rollupStarts } from "./plan.ts";
import { isWholeRun, type QueryDeps, readPlanned, resolveWindow } from "./window.ts";

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

/** `second`: undefined where what was counted has no known time. */
const lineOf = (
  second: number | undefined,
  { method, name }: { readonly method: string; readonly name: string },
  totals: Totals,
  hasExtremes: boolean,
) => {
  const view = viewOf([totals], "all");
  const { timed, minMs, maxMs } =
    hasExtremes || second === undefined ? view : withoutExtremes(view);
  const known = (ms: number | null): number | null => (ms === null ? null : toMicroseconds(ms));
  return {
    timestamp: second === undefined ? null : new Date(second * 1000).toISOString(),
    method,
    name,
    requests: totals.requests,
    failures: totals.failures,
    timedRequests: timed,
    sumResponseMs: isExact(totals.sumUs) ? toMicroseconds(totals.sumUs / 1000) : null,
    minResponseMs: known(minMs),
    maxResponseMs: known(maxMs),
    contentBytes: contentBytes(totals),
  };
};

/** A line of CSV or JSON for each bucket and endpoint, and last for each endpoint what it has counted at no known time. Yields a rollup's window at a time, so that memory does not grow with the run. */
export const createExport = (deps: QueryDeps) =>
  async function* lines(
    run: LoadTestRun,
    query: z.output<typeof ExportQuery>,
  ): AsyncGenerator<string> {
    const { runAggregate, window, loadTime } = await resolveWindow(deps, run, query);
    const step = STEPS[query.step];
    const hasExtremes = hasPartialExtremes(runAggregate);
    const { series, keyOf } = selectEndpoints("each", query.endpoint);
    const encodeLine = (second: number | undefined, id: string, totals: Totals): string => {
      if (totals.requests === 0) return "";
      const line = lineOf(second, endpointNameOf(runAggregate.names, id), totals, hasExtremes);
      if (query.format === "csv") return csvLine(Object.values(line));
      return `${JSON.stringify({ ...line, histogram: bucketsOf([totals.ok, totals.failed]) })}\n`;
    };
    /** In the order of their names: which arrived first says nothing. */
    const named = (totals: ReadonlyMap<string, Totals>): [string, Totals][] =>
      [...totals].toSorted(([a], [b]) =>
        byName(endpointNameOf(runAggregate.names, a), endpointNameOf(runAggregate.names, b)),
      );
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
      const { covered } = runAggregate;
      const options = { step, keyOf, loadTime, covered, steady: false, separateFailures: true };
      const { totals: buckets } = aggregateWindow(reading, { ...part, ...options });
      let text = "";
      for (const [second, byKey] of [...buckets].toSorted(([a], [b]) => a - b)) {
        for (const [id, totals] of named(byKey)) text += encodeLine(second, id, totals);
      }
      if (text !== "") yield text;
    }
    if (!isWholeRun(query)) return;
    for (const [id, totals] of named(runAggregate.untimed.endpoints)) {
      const key = keyOf(id);
      if (key !== undefined) yield encodeLine(undefined, key, totals);
    }
  };
