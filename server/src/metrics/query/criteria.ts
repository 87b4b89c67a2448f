import { endpointMatcher } from "@load-manager/contract/criteria/endpoint-pattern.ts";
import {
  type Expression,
  shareOf,
  unitOf,
  type Window,
} from "@load-manager/contract/criteria/expression.ts";
import type { Criterion, CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Doubts } from "../../runs/domain/criteria/figures.ts";
import {
  isCutShort,
  verdictFields,
  expressionOf,
  undecided,
} from "../../runs/domain/criteria/run-verdict.ts";
import {
  isViolated,
  type JudgedWindow,
  judgeWindow,
} from "../../runs/domain/criteria/judge-window.ts";
import type { Judged } from "../../runs/domain/criteria/judge-figures.ts";
import { SERIES } from "../codec/rollup.ts";
import { exactly } from "../codec/totals.ts";
import { locustSnapshot } from "../live/snapshot.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import { judgeEveryWindow } from "./criteria-every.ts";
import { createDoubtsOf, type WindowInRun } from "./criterion-doubts.ts";
import { figuresOf, type Measured, observedOf } from "./criterion-figures.ts";
import { selectEndpoints, type Selection } from "./endpoints.ts";
import { readRunLevel, type RunLevel, runLevelOf } from "./run-level.ts";
import type { Stretch } from "./spells.ts";
import type { createSummary } from "./summary.ts";
import { rateOf, viewOfAll, viewOfTotals } from "./window-stats.ts";
import type { QueriedWindow, QueryDeps, WindowReader } from "./window.ts";

/** The parts of a window: enough to see how its requests vary, and where it goes wrong. */
const PARTS = 20;
/** As many points as a chart may have at most: seconds, in a run of up to three hours. */
const MOST_POINTS = 11_000;
/** A part of the window with fewer requests says nothing by itself. */
const LEAST_REQUESTS_OF_PART = 20;

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** Where a window lies in a load. */
const placeOf = (window: Window, loadTime: Stretch): WindowInRun => {
  const { kind } = window;
  if (window.kind === "between") {
    const start = wholeSecond(loadTime.fromMs);
    const [fromMs, toMs] = [start + window.fromSeconds * 1000, start + window.toSeconds * 1000];
    return { kind, fromMs, toMs, isBeyondLoad: toMs > Math.ceil(loadTime.toMs / 1000) * 1000 };
  }
  if (window.kind !== "last") return { kind, ...loadTime, isBeyondLoad: false };
  const toMs = wholeSecond(loadTime.toMs);
  const fromMs = toMs - window.seconds * 1000;
  return { kind, fromMs, toMs, isBeyondLoad: fromMs < wholeSecond(loadTime.fromMs) };
};

const queryOf = ({ kind, fromMs, toMs }: WindowInRun): WindowQuery => {
  if (kind === "run") return { responses: "all" };
  if (kind === "steady") return { responses: "all", phase: "steady" };
  return { responses: "all", from: Math.max(0, fromMs), to: Math.max(0, toMs) };
};

/** The endpoints of a pattern, added up. */
const selectionOf = (endpoints: string | undefined, { names }: RunAggregate): Selection => {
  if (endpoints === undefined) return selectEndpoints("sum");
  const matches = endpointMatcher(endpoints);
  const ids = new Set([...names].filter(([, name]) => matches(name)).map(([id]) => id));
  return { series: [...ids], keyOf: (id) => (ids.has(id) ? SERIES.all : undefined) };
};

const NO_LEVEL: RunLevel = { exceptions: null, workerCpu: null };

/** The parts of a window that was read, ascending. */
const partsOf = (queried: QueriedWindow, query: WindowQuery) => {
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
type Part = ReturnType<typeof partsOf>[number];

const mostUsersOf = (parts: readonly Part[]): number | null => {
  const most = Math.max(0, ...parts.map(({ measured }) => measured.users ?? 0));
  return most > 0 ? most : null;
};

const busiestRateOf = (parts: readonly Part[]): number =>
  Math.max(
    0,
    ...parts.map(
      ({ measured: { view, seconds, rate } }) => rate ?? view.requests / Math.max(1, seconds),
    ),
  );

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
const firstViolationOf = (judged: Judged, parts: readonly Part[]): JudgedWindow | undefined => {
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

/** Of the whole run and all its endpoints, where there are no histograms. */
const locustPercentile = (
  { metric, endpoints, window }: Expression,
  runAggregate: RunAggregate,
) => {
  if (window.kind !== "run" || endpoints !== undefined) return null;
  const { p50ResponseMs, p95ResponseMs, p99ResponseMs } = locustSnapshot(runAggregate) ?? {};
  const known: Partial<Record<string, number | null>> = {
    p50: p50ResponseMs,
    p95: p95ResponseMs,
    p99: p99ResponseMs,
  };
  return known[metric] ?? null;
};

const timesOf = (window: JudgedWindow) => ({
  from: window.fromMs,
  to: window.toMs,
  observed: window.observed,
  requests: exactly(window.requests),
});

type Situation = {
  readonly run: LoadTestRun;
  readonly runAggregate: RunAggregate;
  readonly loadTime: Stretch;
  readonly doubtsOf: (window: WindowInRun) => Doubts;
};

/** Judges criteria over the metrics of a run that has ended. */
export const createCriteria = (
  deps: QueryDeps,
  readWindow: WindowReader,
  situationOf: ReturnType<typeof createSummary>["situation"],
) => {
  const readLevel = async (
    { run, runAggregate }: Situation,
    { metric, window }: Expression,
    query: WindowQuery,
  ): Promise<RunLevel> => {
    if (metric !== "exceptions" && metric !== "workerCpu") return NO_LEVEL;
    const { from, to } = query;
    const times = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    if (window.kind !== "steady") {
      const cells = await readRunLevel(deps, run, times, undefined);
      return runLevelOf(cells.exceptions, cells.processes, runAggregate);
    }
    const selection = { series: [], keyOf: () => undefined };
    const steady = await readWindow(run, query, { points: MOST_POINTS, selection });
    const cells = await readRunLevel(deps, run, times, steady.step);
    const isSteady = ({ start }: { readonly start: number }): boolean =>
      steady.windowAggregate.run.has(start);
    return runLevelOf(
      cells.exceptions.filter(isSteady),
      cells.processes.filter(isSteady),
      runAggregate,
    );
  };

  /** One reading for all criteria of the same window and endpoints. */
  const createReader = (situation: Situation) => {
    const readings = new Map<string, Promise<QueriedWindow>>();
    return ({ window, endpoints }: Expression, query: WindowQuery): Promise<QueriedWindow> => {
      const key = JSON.stringify([window, endpoints]);
      const selection = selectionOf(endpoints, situation.runAggregate);
      const reading =
        readings.get(key) ?? readWindow(situation.run, query, { points: PARTS, selection });
      readings.set(key, reading);
      return reading;
    };
  };
  type Reader = ReturnType<typeof createReader>;

  const judgeWhole = async (
    situation: Situation,
    read: Reader,
    expression: Expression,
    place: WindowInRun,
  ) => {
    const { runAggregate } = situation;
    const { metric, operator } = expression;
    const query = queryOf(place);
    const queried = await read(expression, query);
    const view = viewOfAll(queried, query);
    const parts = partsOf(queried, query);
    const isSteady = place.kind === "steady";
    const covered = parts.reduce((sum, { measured }) => sum + measured.seconds, 0);
    const rate = rateOf(queried, query, view);
    const measured: Measured = {
      view,
      rate,
      seconds: isSteady ? covered : (place.toMs - place.fromMs) / 1000,
      users: place.kind === "run" ? runAggregate.maxUsers || null : mostUsersOf(parts),
      ...(await readLevel(situation, expression, query)),
    };
    const limit = expression.limit.kind === "value" ? expression.limit.value : null;
    const locust = locustPercentile(expression, runAggregate);
    const pieces = parts.map((part) => part.measured);
    const figures = figuresOf(metric, limit, measured, pieces, busiestRateOf(parts), locust);
    const doubts = situation.doubtsOf(place);
    const code = doubts.couldNotRun ? "could_not_run" : "no_baseline";
    const verdict =
      limit === null
        ? ({ verdict: "inconclusive", code } as const)
        : judgeWindow({ metric, operator, limit }, figures, doubts);
    const first =
      verdict.verdict === "failed" && limit !== null
        ? firstViolationOf({ metric, operator, limit }, parts)
        : undefined;
    return {
      ...verdictFields(verdict, exactly(view.requests)),
      observed: figures.observed,
      requests: exactly(view.requests),
      ...(first === undefined ? {} : { firstViolation: timesOf(first) }),
    };
  };

  const judgeEvery = async (
    situation: Situation,
    expression: Expression,
    length: number,
  ): Promise<Partial<CriterionVerdict>> => {
    const { run, runAggregate, loadTime, doubtsOf } = situation;
    const { metric, operator, endpoints, limit } = expression;
    const isCut = isCutShort(run, loadTime.toMs - loadTime.fromMs);
    if (limit.kind === "baseline")
      return verdictFields({ verdict: "inconclusive", code: "no_baseline" }, null);
    const judged = await judgeEveryWindow(deps, readWindow, {
      run,
      runAggregate,
      judged: { metric, operator, limit: limit.value },
      selection: selectionOf(endpoints, runAggregate),
      length,
      first: Math.ceil(loadTime.fromMs / 1000),
      last: Math.floor(loadTime.toMs / 1000) - 1,
      isCutShort: isCut,
      doubtsOf: (fromMs, toMs) => doubtsOf({ kind: "every", fromMs, toMs, isBeyondLoad: false }),
    });
    if (judged === undefined)
      return verdictFields({ verdict: "inconclusive", code: "incomplete" }, null);
    const { verdict, windows, first, worst } = judged;
    const isFailed = verdict.verdict === "failed";
    return {
      ...verdictFields(verdict, worst?.requests ?? null),
      observed: worst?.observed ?? null,
      requests: worst === undefined ? null : exactly(worst.requests),
      windows,
      ...(first === undefined || !isFailed ? {} : { firstViolation: timesOf(first) }),
      ...(worst === undefined ? {} : { worstWindow: timesOf(worst) }),
    };
  };

  const judge = async (
    situation: Situation,
    read: Reader,
    criterion: Criterion,
  ): Promise<CriterionVerdict> => {
    const expression = expressionOf(criterion);
    const { window, metric, limit } = expression;
    const place = placeOf(window, situation.loadTime);
    const isLoaded = situation.loadTime.toMs > situation.loadTime.fromMs;
    const { couldNotRun } = situation.doubtsOf(place);
    if (!isLoaded || (couldNotRun && window.kind === "every"))
      return undecided(criterion, couldNotRun ? "could_not_run" : "no_data");
    const judged =
      window.kind === "every"
        ? await judgeEvery(situation, expression, window.seconds)
        : await judgeWhole(situation, read, expression, place);
    return {
      ...criterion,
      verdict: "inconclusive",
      observed: null,
      requests: null,
      ...judged,
      limit: limit.kind === "value" ? limit.value : null,
      unit: unitOf(metric),
      window: { from: place.fromMs, to: place.toMs },
    };
  };

  return async (run: LoadTestRun, criteria: readonly Criterion[]): Promise<CriterionVerdict[]> => {
    if (criteria.length === 0) return [];
    const { summary, findings, whole } = await situationOf(run);
    const { runAggregate, loadTime } = whole;
    const doubtsOf = createDoubtsOf(run, { findings, summary, runAggregate, loadTime });
    const situation = { run, runAggregate, loadTime, doubtsOf };
    const read = createReader(situation);
    const verdicts: CriterionVerdict[] = [];
    for (const criterion of criteria) verdicts.push(await judge(situation, read, criterion));
    return verdicts;
  };
};
