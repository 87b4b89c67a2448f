import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import type { RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clusters } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Failpoint } from "../../lib/failpoints.ts";
import type { Log } from "../../lib/log.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { couldNotRun, undecided, verdictOfRun } from "../domain/criteria/run-verdict.ts";
import { workersLeft } from "../domain/load-left.ts";
import { POLICY } from "../domain/policy.ts";
import { NO_STATS, recentRunOf } from "../domain/recent-run.ts";
import { holdsSlot } from "../domain/states.ts";
import { forcedStepRecorder, recordEvent, recordCurrentStatus } from "../journal/events.ts";
import { updateRecentRuns } from "../journal/recent-runs.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import type { Ownership } from "../ownership/leases.ts";
import { guardedByTerm } from "../ownership/term-guard.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly ownership: Ownership;
  readonly runs: Pick<RunReader, "get" | "setLive">;
  readonly events: RunEventStore;
  readonly loadTests: LoadTestStore;
  readonly metrics: RunMetrics;
  readonly clusters: Clusters;
  readonly clock: Clock;
  readonly log: Log;
  readonly failpoint: Failpoint;
};

/** Monotonic ms: since when the summary cannot be computed. */
export type SettleMemory = { summaryFailedSince?: number };

/**
 * Ingests what the plugin has spooled in the run's folder and has not arrived: the folder has every record of the run, of which a
 * day has 86,400, and each is stored by itself.
 */
export const drainSpool = async (
  deps: Pick<Deps, "clusters" | "metrics" | "log">,
  run: LoadTestRun,
): Promise<void> => {
  const spooled = await deps.clusters.of(run).spooled(run);
  for (const batch of await deps.metrics.unstored(run.id, spooled)) {
    try {
      await deps.metrics.ingestBatch(batch);
    } catch (error) {
      deps.log.warn(
        { event: "spool_unreadable", runId: run.id, error: messageOf(error) },
        "A spooled batch of a run could not be read.",
      );
    }
  }
};

/**
 * Whether the load at the cluster, if any, is not this run's: the run never had a slot, or another run has the slot by
 * now, so this run's load was seen to be over.
 */
const isOthersLoad = async ({ ownership }: Deps, run: LoadTestRun): Promise<boolean> => {
  if (!holdsSlot(run)) return true;
  const lease = await ownership.leaseOf(run.locustClusterId, run.slot ?? 0);
  return lease?.runId !== undefined && lease.runId !== run.id;
};

/** Workers of a lost master, which nobody can reach. */
const recordWorkersLeft = async (deps: Deps, run: LoadTestRun): Promise<void> => {
  const left = workersLeft(run);
  if (left === undefined) return;
  await recordEvent(deps.events, run.id, {
    id: "load_may_be_left",
    at: run.finishedAt ?? deps.clock.now(),
    type: "load_may_be_left",
    message: left.message,
    ...(left.until === undefined ? {} : { data: { until: new Date(left.until).toISOString() } }),
  });
};

/** The slot is not free until this succeeds. For an attached Locust, which may be gone for good, that has a limit. */
const endLoad = async (deps: Deps, run: LoadTestRun): Promise<void> => {
  const cluster = guardedByTerm(deps.clusters.of(run), deps.ownership);
  const now = deps.clock.now();
  if (await isOthersLoad(deps, run)) return;
  if (cluster.config.kind === "attached") await recordWorkersLeft(deps, run);
  try {
    await cluster.commands.cleanUp(run, forcedStepRecorder(deps, run));
  } catch (error) {
    const silentForMs = now - (run.finishedAt ?? now);
    const mayAnswer = cluster.hasNoAddress !== true && silentForMs < POLICY.loadLeftMs;
    if (cluster.config.kind !== "attached" || mayAnswer) throw error;
    await recordEvent(deps.events, run.id, {
      id: "load_may_be_left",
      at: now,
      type: "load_may_be_left",
      message: `Load of this run may be left; the cluster could not be asked: ${messageOf(error)}`,
    });
  }
};

/**
 * Ends the load and the processes of every run that is not settled. A cluster that is not configured is not this server's
 * to stop. Rejects after all runs have been tried, with what failed.
 */
export const endAllLoad = async (deps: {
  readonly runs: Pick<RunReader, "unsettled">;
  readonly clusters: Clusters;
}): Promise<void> => {
  const errors: unknown[] = [];
  for (const run of await deps.runs.unsettled()) {
    const cluster = deps.clusters.get(run.locustClusterId);
    if (run.status === "Pending" || cluster === undefined) continue;
    await cluster.commands.cleanUp(run, async () => {}).catch((error) => errors.push(error));
  }
  if (errors.length > 0) throw new AggregateError(errors, errors.map(messageOf).join("; "));
};

type Computed = {
  readonly summary: RunSummary;
  readonly criterionVerdicts: readonly CriterionVerdict[];
};

/** `undefined` where the metrics have not been readable for so long that they hold the slot no longer. */
const computeResult = async (
  { metrics, clock }: Deps,
  run: LoadTestRun,
  memory: SettleMemory,
): Promise<Computed | undefined> => {
  try {
    const summary = await metrics.summary(run);
    return { summary, criterionVerdicts: await metrics.judgeCriteria(run, run.criteria ?? []) };
  } catch (error) {
    const now = clock.monotonic();
    memory.summaryFailedSince ??= now;
    if (now - memory.summaryFailedSince < POLICY.summaryMs) throw error;
    return undefined;
  }
};

/** Nobody knows what cannot be read. */
const unreadable = (run: LoadTestRun): CriterionVerdict[] =>
  (run.criteria ?? []).map((criterion) =>
    undecided(criterion, couldNotRun(run) ? "could_not_run" : "incomplete"),
  );

const recordIncomplete = (deps: Deps, run: LoadTestRun, readable: boolean): Promise<void> =>
  recordEvent(deps.events, run.id, {
    id: "incomplete",
    at: deps.clock.now(),
    type: "incomplete",
    message: readable
      ? "Some metrics of this run have not arrived; the totals may be too low."
      : "The metrics of this run cannot be read; its summary has none.",
  });

/**
 * Completes an ended run: no process is left, the stats are whole, the load test lists the run, the slot is free. Every
 * step may be repeated, so the next pass repairs a kill between any two. `undefined` where somebody else wrote first.
 */
export const settleRun = async (
  deps: Deps,
  run: LoadTestRun,
  memory: SettleMemory,
): Promise<LoadTestRun | undefined> => {
  const { writer, metrics, clock } = deps;
  await endLoad(deps, run);
  await recordCurrentStatus(deps.events, run);
  await drainSpool(deps, run);
  await deps.failpoint("summary.before");
  const computed = await computeResult(deps, run, memory);
  const live = computed && (await metrics.snapshot(run));
  if (live !== undefined) await deps.runs.setLive(run.id, live);
  const summary = computed?.summary ?? { ...NO_STATS, complete: false };
  const criterionVerdicts = computed?.criterionVerdicts ?? unreadable(run);
  const verdict = verdictOfRun(criterionVerdicts);
  if (!summary.complete && (computed === undefined || summary.totalRequests !== 0)) {
    await recordIncomplete(deps, run, computed !== undefined);
  }
  if (run.loadTestId !== undefined) {
    const recentRun = recentRunOf({ ...run, verdict }, summary);
    await updateRecentRuns(deps.loadTests, run.loadTestId, recentRun, clock.now());
  }
  await deps.failpoint("recent-runs.after");
  await deps.ownership.releaseRun(run);
  await deps.failpoint("release.after");
  const result = {
    summary,
    verdict,
    ...(criterionVerdicts.length === 0 ? {} : { criterionVerdicts: [...criterionVerdicts] }),
  };
  const settled = await writer.write(run, { ...result, settledAt: clock.now() });
  if (settled !== undefined) {
    deps.log.info(
      {
        event: "run_settled",
        runId: run.id,
        status: run.status,
        verdict,
        complete: summary.complete,
      },
      "A run is settled: no process of it is left, and its slot is free.",
    );
    metrics.forget(run.id);
    deps.clusters.forget(run.id);
  }
  return settled;
};
