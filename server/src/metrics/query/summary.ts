import type { SummaryAnswer, WindowQuery } from "@load-manager/contract/api/metrics.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import { isComplete, workersOf } from "../live/run-aggregate.ts";
import { gapsOf } from "./seconds.ts";
import { percentileNotes, viewOfAll, windowStatsOf } from "./window-stats.ts";
import type { WindowReader } from "./window.ts";

/** The stats of a run, and of a window of it. */
export const createSummary = (readWindow: WindowReader) => {
  const summaryOfRun = async (run: LoadTestRun): Promise<RunSummary> => {
    const query = { responses: "all" } as const;
    const queried = await readWindow(run, query);
    const { runAggregate } = queried;
    return {
      ...windowStatsOf(queried, query, viewOfAll(queried, query)),
      maxUsers: runAggregate.maxUsers,
      // Without any record a run is complete if no start was sent to Locust.
      complete:
        runAggregate.masterInstances.size === 0
          ? run.startSent === undefined
          : isComplete(runAggregate),
      gaps: gapsOf(runAggregate),
      workers: workersOf(runAggregate),
    };
  };

  const summary = async (
    run: LoadTestRun,
    query: WindowQuery,
  ): Promise<z.output<typeof SummaryAnswer>> => {
    const queried = await readWindow(run, query);
    const view = viewOfAll(queried, query);
    const { runAggregate, loadTime } = queried;
    const { complete, gaps, workers } = await summaryOfRun(run);
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
      maxUsers: runAggregate.maxUsers,
      ...(targetUsers === undefined ? {} : { targetUsers }),
      ...(spawnRate === undefined ? {} : { spawnRate }),
      ...(durationSeconds === undefined ? {} : { durationSeconds }),
      complete,
      gaps,
      workers,
      ...percentileNotes(queried, query, view),
    };
  };

  return { summaryOfRun, summary };
};
