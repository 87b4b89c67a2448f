import { z } from "zod";
import { Time } from "./primitives.ts";

/** Null: unknown. */
export const nullableNumber = z.number().nullable();

/** Totals of one endpoint in a snapshot; times in ms. */
export const EndpointSnapshot = z.object({
  method: z.string(),
  name: z.string(),
  numRequests: z.int(),
  numFailures: z.int(),
  avgResponseTime: nullableNumber,
  minResponseTime: nullableNumber,
  maxResponseTime: nullableNumber,
  medianResponseTime: nullableNumber,
  p95ResponseTime: nullableNumber,
  p99ResponseTime: nullableNumber,
  requestsPerSec: nullableNumber,
});

/** Cumulative totals of a run at one time; `totalRps` and `requestsPerSec` are over the last 10 closed seconds. */
export const MetricSnapshot = z.object({
  timestamp: Time,
  totalRps: nullableNumber,
  totalRequests: z.int(),
  totalFailures: z.int(),
  errorRate: nullableNumber,
  avgResponseMs: nullableNumber,
  p50ResponseMs: nullableNumber,
  p95ResponseMs: nullableNumber,
  p99ResponseMs: nullableNumber,
  currentUsers: z.int(),
  requestStats: z.record(z.string(), EndpointSnapshot),
});
export type MetricSnapshot = z.output<typeof MetricSnapshot>;

/** Stats over a window; response times in ms, `errorRate` in percent. Null: unknown. */
export const Stats = z.object({
  totalRequests: z.int(),
  totalFailures: z.int(),
  timedRequests: z.int(),
  requestsPerSec: nullableNumber,
  errorRate: nullableNumber,
  avgResponseMs: nullableNumber,
  minResponseMs: nullableNumber,
  maxResponseMs: nullableNumber,
  p50ResponseMs: nullableNumber,
  p90ResponseMs: nullableNumber,
  p95ResponseMs: nullableNumber,
  p99ResponseMs: nullableNumber,
});
export type Stats = z.output<typeof Stats>;

/** The stats of a run, kept with it when it has ended; computed again when late samples arrive. */
export const RunSummary = Stats.extend({
  maxUsers: z.int(),
  complete: z.boolean(),
  gaps: z.array(z.object({ from: Time, to: Time })),
  workers: z.object({ expected: z.int().nullable(), lost: z.int() }),
});
export type RunSummary = z.output<typeof RunSummary>;
