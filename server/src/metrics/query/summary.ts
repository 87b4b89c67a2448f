import type { SummaryAnswer, WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { isEndUnseen, isTerminal } from "../../runs/domain/states.ts";
import { isComplete, isPolled, type RunAggregate, workersOf } from "../live/run-aggregate.ts";
import { createEvidence, judge } from "./findings.ts";
import { gapsOf, untimedRequests } from "./seconds.ts";
import { percentileNotes, viewOfAll, windowStatsOf } from "./window-stats.ts";
import { isWholeRun, type QueriedWindow, type QueryDeps, type WindowReader } from "./window.ts";

/** Whether the run has ended, and all of its metrics are there, each with its time. */
const isRunComplete = (run: LoadTestRun, runAggregate: RunAggregate): boolean => {
  if (!isTerminal(run.status)) return false;
  // Without any record a run is complete if no start was sent to Locust.
  if (runAggregate.masterInstances.size === 0) return run.startSent === undefined;
  // The last totals of a page are final only where the page showed the end.
  if (isPolled(runAggregate) && isEndUnseen(run)) return false;
  return isComplete(runAggregate) && untimedRequests(runAggregate) === 0;
};

/** All responses of the whole run. */
const WHOLE = { responses: "all" } as const;

/** The most users of any second of the window. Of the whole run they are known even where its cells have expired. */
const maxUsersOf = ({ runAggregate, windowAggregate }: QueriedWindow, query: WindowQuery): number =>
  isWholeRun(query)
    ? runAggregate.maxUsers
    : Math.max(0, ...[...windowAggregate.run.values()].map(({ maxUsers }) => maxUsers));

/** The stats of a run, and of a window of it. */
export const createSummary = (deps: QueryDeps, readWindow: WindowReader) => {
  const readEvidence = createEvidence(deps, readWindow);
  const summaryOf = (run: LoadTestRun, whole: QueriedWindow): RunSummary => {
    const { runAggregate } = whole;
    return {
      ...windowStatsOf(whole, WHOLE, viewOfAll(whole, WHOLE)),
      maxUsers: runAggregate.maxUsers,
      complete: isRunComplete(run, runAggregate),
      gaps: gapsOf(run, runAggregate),
      workers: workersOf(runAggregate),
    };
  };
  const summaryOfRun = async (run: LoadTestRun): Promise<RunSummary> =>
    summaryOf(run, await readWindow(run, WHOLE));

  /** The summary of a run as its findings see it: what criteria are judged by. */
  const situation = async (run: LoadTestRun) => {
    const [whole, evidence] = await Promise.all([readWindow(run, WHOLE), readEvidence(run)]);
    const summary = summaryOf(run, whole);
    const { percentileError } = percentileNotes(whole, WHOLE, viewOfAll(whole, WHOLE));
    const { findings } = judge(run, evidence, summary, whole, percentileError);
    return { summary, findings, whole };
  };

  const summary = async (
    run: LoadTestRun,
    query: WindowQuery,
  ): Promise<z.output<typeof SummaryAnswer>> => {
    const isWhole = isWholeRun(query) && query.responses === "all";
    const readingWhole = readWindow(run, WHOLE);
    const [whole, queried, evidence] = await Promise.all([
      readingWhole,
      isWhole ? readingWhole : readWindow(run, query),
      readEvidence(run),
    ]);
    const view = viewOfAll(queried, query);
    const { loadTime } = queried;
    const { complete, gaps, workers } = summaryOf(run, whole);
    const { percentileError } = percentileNotes(whole, WHOLE, viewOfAll(whole, WHOLE));
    const { id: runId, name, status, statusReason, health, verdict, startedAt, finishedAt } = run;
    const { targetUsers, spawnRate, durationSeconds } = run;
    return {
      ...windowStatsOf(queried, query, view),
      runId,
      name,
      status,
      health,
      verdict,
      ...(statusReason === undefined ? {} : { statusReason }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(finishedAt === undefined ? {} : { finishedAt }),
      durationMs: loadTime.toMs > loadTime.fromMs ? loadTime.toMs - loadTime.fromMs : null,
      maxUsers: maxUsersOf(queried, query),
      ...(targetUsers === undefined ? {} : { targetUsers }),
      ...(spawnRate === undefined ? {} : { spawnRate }),
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
      complete,
      gaps,
      workers,
      ...judge(run, evidence, { complete, gaps, workers }, whole, percentileError),
      ...percentileNotes(queried, query, view),
    };
  };

  return { summaryOfRun, summary, situation };
};
