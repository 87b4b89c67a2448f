import type { EndpointRow } from "@load-manager/contract/metrics.ts";
import type { SnapshotInput } from "@load-manager/contract/locust.ts";
import { statsOf, type View } from "../codec/stats.ts";
import type { Totals } from "../codec/totals.ts";

/** One line of the table of endpoints; `given` are Locust's own percentiles where there are no others. */
export const rowOf = (input: {
  readonly name: { readonly method: string; readonly name: string };
  readonly totals: readonly Totals[];
  readonly view: View;
  readonly requestsPerSec: number | null;
  readonly given: SnapshotInput["requestStats"][string] | undefined;
  readonly more: { readonly percentiles?: Record<string, number | null>; readonly low: string[] };
}): EndpointRow => {
  const { view, totals, given, more } = input;
  const { timedRequests: _, ...figures } = statsOf(view, input.requestsPerSec);
  const bytes = totals.reduce((sum, one) => sum + one.bytes, 0);
  const requests = totals.reduce((sum, one) => sum + one.requests, 0);
  const lastSecond = totals.reduce((last, one) => Math.max(last, one.lastSecond), 0);
  return {
    ...input.name,
    ...figures,
    p50ResponseMs: figures.p50ResponseMs ?? given?.medianResponseTime ?? null,
    p95ResponseMs: figures.p95ResponseMs ?? given?.p95ResponseTime ?? null,
    p99ResponseMs: figures.p99ResponseMs ?? given?.p99ResponseTime ?? null,
    avgContentBytes: requests === 0 ? null : bytes / requests,
    lastSeenAt: lastSecond === 0 ? null : lastSecond * 1000,
    ...(more.percentiles === undefined ? {} : { percentiles: more.percentiles }),
    ...(more.low.length === 0 ? {} : { lowCount: more.low }),
  };
};
