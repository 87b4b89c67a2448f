import type { Expression } from "@load-manager/contract/criteria/expression.ts";
import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { judgeWindow, type JudgedWindow } from "../../runs/domain/criteria/judge-window.ts";
import type { Doubts } from "../../runs/domain/criteria/figures.ts";
import { verdictFields } from "../../runs/domain/criteria/run-verdict.ts";
import { exactly } from "../codec/totals.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import type { WindowInRun } from "./criterion-doubts.ts";
import { figuresOf, type Measured } from "./criterion-figures.ts";
import {
  busiestRateOf,
  firstViolationOf,
  mostUsersOf,
  NO_LEVEL,
  type Part,
  partsOf,
  withinWindow,
} from "./criterion-parts.ts";
import { hasEndpoint, queryOf, selectionOf } from "./criterion-windows.ts";
import { NO_ENDPOINTS } from "./endpoints.ts";
import { readRunLevel, type RunLevel, runLevelOf } from "./run-level.ts";
import type { Stretch } from "./spells.ts";
import { standardErrorOf } from "./standard-error.ts";
import { rateOf, viewOfAll } from "./window-stats.ts";
import type { QueriedWindow, QueryDeps, WindowReader } from "./window.ts";

/** The parts of a window: enough to see how its requests vary, and where it goes wrong. */
const PARTS = 20;
/** As many points as a chart may have at most: seconds, in a run of up to three hours. */
const MOST_POINTS = 11_000;

/** A run that has ended, and what is known of it as a whole. */
export type Situation = {
  readonly run: LoadTestRun;
  readonly runAggregate: RunAggregate;
  readonly loadTime: Stretch;
  readonly doubtsOf: (window: WindowInRun) => Doubts;
  readonly deps: QueryDeps;
  readonly readWindow: WindowReader;
  /** One reading for all criteria of the same window and endpoints. */
  readonly readings: Map<string, Promise<QueriedWindow>>;
};

/** An expression whose limit is a number, in the unit of its metric. */
export type Numeric = Omit<Expression, "limit"> & { readonly limit: number };

/** Of the whole run and all its endpoints, where there are no histograms. */
const locustPercentile = ({ metric, endpoints, window }: Numeric, runAggregate: RunAggregate) => {
  if (window.kind !== "run" || endpoints !== undefined) return null;
  const { p50ResponseMs, p95ResponseMs, p99ResponseMs } = locustSnapshot(runAggregate) ?? {};
  const known: Partial<Record<string, number | null>> = {
    p50: p50ResponseMs,
    p95: p95ResponseMs,
    p99: p99ResponseMs,
  };
  return known[metric] ?? null;
};

export const timesOf = (window: JudgedWindow) => ({
  from: window.fromMs,
  to: window.toMs,
  observed: window.observed,
  requests: exactly(window.requests),
});

/** Exceptions and CPU have no endpoint, and tables of their own. */
const readLevel = async (
  { deps, readWindow, run, runAggregate }: Situation,
  { metric, window }: Numeric,
  query: WindowQuery,
): Promise<RunLevel> => {
  if (metric !== "exceptions" && metric !== "workerCpu") return NO_LEVEL;
  const { from, to } = query;
  const times = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
  if (window.kind !== "steady") {
    const cells = await readRunLevel(deps, run, times, undefined);
    return runLevelOf(cells, runAggregate);
  }
  const steady = await readWindow(run, query, { points: MOST_POINTS, selection: NO_ENDPOINTS });
  const cells = await readRunLevel(deps, run, times, steady.step);
  const isSteady = ({ start }: { readonly start: number }): boolean =>
    steady.windowAggregate.run.has(start);
  const steadyCells = {
    exceptions: cells.exceptions.filter(isSteady),
    processes: cells.processes.filter(isSteady),
  };
  return runLevelOf(steadyCells, runAggregate);
};

const readParts = (
  { run, runAggregate, readWindow, readings }: Situation,
  { window, endpoints }: Numeric,
  query: WindowQuery,
): Promise<QueriedWindow> => {
  const key = JSON.stringify([window, endpoints]);
  const known = readings.get(key);
  if (known !== undefined) return known;
  const selection = selectionOf(endpoints, runAggregate);
  const reading = readWindow(run, query, { points: PARTS, selection });
  readings.set(key, reading);
  return reading;
};

const secondsOf = ({ kind, fromMs, toMs }: WindowInRun, parts: readonly Part[]): number =>
  kind === "steady"
    ? parts.reduce((sum, { measured }) => sum + measured.seconds, 0)
    : (toMs - fromMs) / 1000;

/** What is said of a criterion over its window, and the standard error of its figure's logarithm (`standard-error.ts`). */
export type JudgedFigure = {
  readonly fields: Partial<CriterionVerdict>;
  readonly error: () => number;
};

/** Judges a criterion over one window. */
export const judgeWhole = async (
  situation: Situation,
  expression: Numeric,
  place: WindowInRun,
): Promise<JudgedFigure> => {
  const { run, runAggregate } = situation;
  const { metric, operator, limit } = expression;
  const query = queryOf(place);
  const queried = await readParts(situation, expression, query);
  const view = viewOfAll(queried, query);
  const parts = partsOf(queried, query);
  const measured: Measured = {
    view,
    rate: rateOf(queried, query, view),
    seconds: secondsOf(place, parts),
    users: place.kind === "run" ? runAggregate.maxUsers || null : mostUsersOf(parts),
    ...(await readLevel(situation, expression, query)),
  };
  const figures = figuresOf(metric, limit, measured, {
    parts: parts.map((part) => part.measured),
    busiestRate: busiestRateOf(parts),
    isKnown: hasEndpoint(expression.endpoints, runAggregate),
    locust: locustPercentile(expression, runAggregate),
  });
  const requests = exactly(view.requests);
  const judged = { observed: figures.observed, requests };
  const verdict = judgeWindow({ metric, operator, limit }, figures, situation.doubtsOf(place));
  const isFailed = verdict.verdict === "failed";
  const first = isFailed ? firstViolationOf({ metric, operator, limit }, parts) : undefined;
  const fields = {
    ...judged,
    ...verdictFields(verdict, requests),
    ...(first === undefined
      ? {}
      : { firstViolation: timesOf(withinWindow(first, place, run.phases)) }),
  };
  const measuredParts = parts.map((part) => part.measured);
  return { fields, error: () => standardErrorOf(metric, measured, measuredParts) };
};
