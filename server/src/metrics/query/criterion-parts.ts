import { shareOf } from "@load-manager/contract/criteria/expression.ts";
import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { isViolated, type JudgedWindow } from "../../runs/domain/criteria/judge-window.ts";
import type { Judged } from "../../runs/domain/criteria/judge-figures.ts";
import { SERIES } from "../codec/rollup.ts";
import type { WindowInRun } from "./criterion-doubts.ts";
import { type Measured, observedOf } from "./criterion-figures.ts";
import type { RunLevel } from "./run-level.ts";
import type { QueriedWindow } from "./window.ts";
import { viewOfTotals } from "./window-stats.ts";

/** A part of the window with fewer requests says nothing by itself. */
const LEAST_REQUESTS_OF_PART = 20;

export const NO_LEVEL: RunLevel = { exceptions: null, workerCpu: null };

/** The parts of a window that was read, ascending. */
export const partsOf = (queried: QueriedWindow, query: WindowQuery) => {
  const { totals, rated, run } = queried.windowAggregate;
  return [...run]
    .toSorted(([a], [b]) => a - b)
    .map(([start, bucket]) => {
      const list = [...(totals.get(start)?.values() ?? [])];
      const counts = rated.get(start)?.get(SERIES.all);
      const measured: Measured = {
        view: viewOfTotals(queried, query, list),
        rate: bucket.whole > 0 ? (counts?.requests ?? 0) / bucket.whole : null,
        seconds: bucket.whole,
        users: bucket.maxUsers > 0 ? bucket.maxUsers : null,
        ...NO_LEVEL,
      };
      return { fromMs: start * 1000, toMs: (start + queried.step) * 1000, measured };
    });
};
export type Part = ReturnType<typeof partsOf>[number];

export const mostUsersOf = (parts: readonly Part[]): number | null => {
  const most = Math.max(0, ...parts.map(({ measured }) => measured.users ?? 0));
  return most > 0 ? most : null;
};

export const busiestRateOf = (parts: readonly Part[]): number =>
  Math.max(
    0,
    ...parts.map(
      ({ measured: { view, seconds, rate } }) => rate ?? view.requests / Math.max(1, seconds),
    ),
  );

/**
 * A part without what lies before its window: parts begin at multiples of their length. Steady seconds lie in the steady
 * phases, where these are known.
 */
export const withinWindow = (
  part: JudgedWindow,
  { kind, fromMs }: Pick<WindowInRun, "kind" | "fromMs">,
  phases: LoadTestRun["phases"] = [],
): JudgedWindow => {
  const steady = phases.filter((phase) => phase.kind === "steady");
  const phase = steady.find(({ to = Infinity }) => to > part.fromMs) ?? steady[0];
  const begin = kind === "steady" ? (phase?.from ?? fromMs) : fromMs;
  if (begin <= part.fromMs) return part;
  // What is observed of a phase comes up to a second later than its metrics.
  return { ...part, fromMs: begin, toMs: Math.max(part.toMs, begin + 1000) };
};

/** Counts add up: the first part by whose end there were too many. */
const firstCountAbove = (judged: Judged, parts: readonly Part[]): JudgedWindow | undefined => {
  let [sum, requests] = [0, 0];
  for (const { fromMs, toMs, measured } of parts) {
    sum += observedOf(judged.metric, measured) ?? 0;
    requests += measured.view.requests;
    if (sum > judged.limit && isViolated(judged, sum))
      return { fromMs, toMs, observed: sum, requests };
  }
  return undefined;
};

/** The first part of a window that violates the limit by itself. */
export const firstViolationOf = (
  judged: Judged,
  parts: readonly Part[],
): JudgedWindow | undefined => {
  const { metric } = judged;
  if (metric === "failures" || metric === "requests") return firstCountAbove(judged, parts);
  const isSample = metric === "avg" || metric === "errorRate" || shareOf(metric) !== undefined;
  const least = isSample ? LEAST_REQUESTS_OF_PART : 0;
  for (const { fromMs, toMs, measured } of parts) {
    const observed = observedOf(metric, measured);
    const { requests } = measured.view;
    if (observed === null || requests < least || !isViolated(judged, observed)) continue;
    return { fromMs, toMs, observed, requests };
  }
  return undefined;
};
