import type { SamplesAnswer } from "@load-manager/contract/plugin/protocol.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";
import type { Clock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import type { MetricsFacade, RunMetrics } from "../../metrics/run-metrics.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import { verdictOfRun } from "../domain/criteria/run-verdict.ts";
import { recentRunOf } from "../domain/recent-run.ts";
import { recordEvent } from "../journal/events.ts";
import { updateRecentRuns } from "../journal/recent-runs.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import { commandsFor } from "./piggyback.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly runs: Pick<RunReader, "get">;
  readonly events: RunEventStore;
  readonly loadTests: LoadTestStore;
  readonly metrics: Pick<RunMetrics, "summary" | "judgeCriteria" | "forget" | "deleteRun">;
  readonly clock: Pick<Clock, "now">;
};

type Wake = {
  /** Tells the readers of the run's streams that something is there. */
  readonly readers: (runId: string) => void;
  /** Reconciles the run now. */
  readonly loop: (runId: string) => void;
};

/**
 * Stores a batch of the plugin and answers with the commands for its run. Rejects with AppError gone or validation.
 */
export const receiveSamples = async (
  deps: Deps & { readonly metrics: Pick<MetricsFacade, "ingestBatch" | "finals" | "isGreeting"> },
  wake: Wake,
  bytes: Uint8Array,
): Promise<z.output<typeof SamplesAnswer>> => {
  if (deps.metrics.isGreeting(bytes)) return { acknowledgedSeq: 0, unknownIds: [], commands: [] };
  const { run, acknowledgedSeq, unknownIds } = await deps.metrics.ingestBatch(bytes);
  wake.readers(run.id);
  if (run.settledAt === undefined && (await deps.metrics.finals(run.id)).complete)
    wake.loop(run.id);
  await refreshSummary(deps, run);
  return { acknowledgedSeq, unknownIds, commands: commandsFor(run) };
};

/** The verdict was made of what was there; late metrics that would have made another one are told of. */
const noteOtherVerdict = async (
  { metrics, events, clock }: Pick<Deps, "metrics" | "events" | "clock">,
  run: LoadTestRun,
): Promise<void> => {
  const verdict = verdictOfRun(await metrics.judgeCriteria(run, run.criteria ?? []));
  if (verdict === run.verdict) return;
  await recordEvent(events, run.id, {
    id: `verdict_would_differ:${verdict}`,
    at: clock.now(),
    type: "verdict_would_differ",
    message: `Metrics arrived after the verdict ${run.verdict} was made; with them it would be ${verdict}.`,
    data: { verdict: run.verdict, wouldBe: verdict },
  });
};

/**
 * Counts metrics that arrived after the run was settled; its status and verdict stay. Rejects with AppError gone where
 * the run has been deleted meanwhile.
 */
export const refreshSummary = async (
  deps: Pick<Deps, "writer" | "runs" | "events" | "loadTests" | "metrics" | "clock">,
  arrivedFor: LoadTestRun,
): Promise<void> => {
  const { runs, metrics, writer } = deps;
  if (arrivedFor.settledAt === undefined && arrivedFor.deletingAt === undefined) return;
  for (;;) {
    // Read again: the run may have been deleted while the metrics were on their way.
    const run = await runs.get(arrivedFor.id);
    if (run === undefined || run.deletingAt !== undefined) {
      await metrics.deleteRun(arrivedFor.id);
      await deps.events.deleteRun(arrivedFor.id);
      const detail = `The run ${arrivedFor.id} is deleted; its metrics are not accepted.`;
      throw new AppError("gone", detail);
    }
    const summary = await metrics.summary(run);
    await noteOtherVerdict(deps, run);
    metrics.forget(run.id);
    const next = await writer.write(run, { summary });
    if (next === undefined) continue;
    if (run.loadTestId === undefined) return;
    const recentRun = recentRunOf(run, summary);
    await updateRecentRuns(deps.loadTests, run.loadTestId, recentRun, deps.clock.now());
    return;
  }
};
