import type { DataPoint } from "@load-manager/contract/metrics.ts";
import { errorRate, type Responses, viewOf } from "../figures-of.ts";
import { percentile } from "../histogram.ts";
import type { Gathered, SecondFacts } from "./gather.ts";
import type { Seconds } from "./window.ts";

type LoadTime = { readonly fromMs: number; readonly toMs: number };

/** Whole seconds of load time have a rate; the partial ones at both ends count in totals only. */
export const isWhole = (second: number, load: LoadTime): boolean =>
  second * 1000 >= load.fromMs && (second + 1) * 1000 <= load.toMs;

const bucketSeconds = (
  gathered: Gathered,
  start: number,
  step: number,
): (readonly [number, SecondFacts])[] => {
  const facts: [number, SecondFacts][] = [];
  for (let second = start; second < start + step; second += 1) {
    const known = gathered.seconds.get(second);
    if (known !== undefined) facts.push([second, known]);
  }
  return facts;
};

const mean = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** One point a bucket, from the window's first to its last; where nothing arrived every figure is null. */
export const pointsOf = (
  gathered: Gathered,
  window: Seconds,
  step: number,
  load: LoadTime,
  options: { readonly responses: Responses; readonly endpoint?: string },
): DataPoint[] => {
  const points: DataPoint[] = [];
  for (let start = Math.floor(window.from / step) * step; start <= window.to; start += step) {
    const facts = bucketSeconds(gathered, start, step);
    const whole = facts.filter(([second]) => isWhole(second, load)).map(([, one]) => one);
    const bucket = gathered.buckets.get(start);
    const totals =
      bucket === undefined
        ? []
        : [...bucket]
            .filter(([id]) => options.endpoint === undefined || id === options.endpoint)
            .map(([, one]) => one);
    const view = viewOf(totals, options.responses);
    const p = (rank: number): number | null => percentile(view.histogram, rank, view.bounds);
    const perSecond = options.endpoint === undefined ? undefined : whole.length;
    points.push({
      timestamp: start * 1000,
      totalRps: rateOf(
        perSecond,
        view.requests,
        whole.map((one) => one.rateRequests),
      ),
      currentUsers: facts.at(-1)?.[1].users ?? null,
      errorRate: errorRate(view.requests, view.failures),
      errorsPerSec: rateOf(
        perSecond,
        view.failures,
        whole.map((one) => one.rateFailures),
      ),
      avgResponseMs: view.avgMs,
      p50ResponseMs: p(50),
      p95ResponseMs: p(95),
      p99ResponseMs: p(99),
    });
  }
  return points;
};

/** Of one endpoint among several the seconds' own rates do not tell; its count over the covered seconds does. */
const rateOf = (
  seconds: number | undefined,
  count: number,
  rates: readonly number[],
): number | null => {
  if (seconds === undefined) return mean(rates);
  return seconds === 0 ? null : count / seconds;
};
