import type { RecentRun } from "@load-manager/contract/load-test.ts";
import type { LoadTestRun, RunSummary } from "@load-manager/contract/run.ts";
import { AppError, messageOf } from "../../lib/errors.ts";
import type { RunDeps } from "../deps.ts";
import { forcedSteps, recordEvent, recordOwnStatus } from "../journal/events.ts";
import { guardedBy } from "../ownership/term-guard.ts";
import { releaseRun, SYSTEM } from "../ownership/leases.ts";
import { POLICY } from "../domain/policy.ts";
import { NO_STATS, updateRecentRuns } from "../journal/recent-runs.ts";
import { holdsSlot } from "../domain/states.ts";

/** Takes in what the plugin has written to the run's folder; what had arrived before is counted once. */
export const drainSpool = async (deps: RunDeps, run: LoadTestRun): Promise<void> => {
  for (const batch of await deps.clusters.of(run).spooled(run)) {
    try {
      await deps.figures.ingestBatch(batch);
    } catch (error) {
      deps.log.warn(
        { runId: run.id, error: messageOf(error) },
        "a spooled batch could not be read",
      );
    }
  }
};

export const recentRunOf = (run: LoadTestRun, summary: RunSummary): RecentRun => ({
  id: run.id,
  runNumber: run.runNumber ?? 0,
  name: run.name,
  status: run.status,
  verdict: run.verdict,
  ...(run.targetUsers === undefined ? {} : { targetUsers: run.targetUsers }),
  ...(run.spawnRate === undefined ? {} : { spawnRate: run.spawnRate }),
  ...(run.durationSeconds === undefined ? {} : { durationSeconds: run.durationSeconds }),
  ...(run.startedAt === undefined ? {} : { startedAt: run.startedAt }),
  finishedAt: run.finishedAt ?? run.updatedAt,
  createdAt: run.createdAt,
  createdBy: run.createdBy,
  totalRequests: summary.totalRequests,
  requestsPerSec: summary.requestsPerSec,
  errorRate: summary.errorRate,
  p95ResponseMs: summary.p95ResponseMs,
});

/**
 * Whatever runs there is not this run's own: it was cancelled before it had a slot, or another run has that by now, so
 * its load was seen to be over.
 */
const isAnothers = async (deps: RunDeps, run: LoadTestRun): Promise<boolean> => {
  if (!holdsSlot(run)) return true;
  const lease = await deps.stores.leases.get(run.locustClusterId, run.slot ?? 0);
  return lease?.runId !== undefined && lease.runId !== run.id;
};

/** Until it succeeds the slot is not free. An attached Locust may be gone for good, so there that has a limit. */
const endLoad = async (deps: RunDeps, run: LoadTestRun): Promise<void> => {
  const cluster = guardedBy(deps.clusters.of(run), deps.membership);
  const now = deps.clock.now();
  if (await isAnothers(deps, run)) return;
  try {
    await cluster.cleanUp(run, forcedSteps(deps, run));
  } catch (error) {
    const silentFor = now - (run.finishedAt ?? now);
    if (cluster.config.kind !== "attached" || silentFor < POLICY.loadLeftMs) throw error;
    await recordEvent(deps.stores.events, run.id, {
      id: "load_may_be_left",
      at: now,
      type: "load_may_be_left",
      message: `Whether load of this run is left could not be found out: ${messageOf(error)}`,
    });
  }
};

/** `undefined` where the figures cannot be read, and could not for so long that they keep the slot no more. */
const summaryOf = async (
  { figures, clock }: RunDeps,
  run: LoadTestRun,
  memory: { summaryFailedSince?: number },
): Promise<RunSummary | undefined> => {
  try {
    return await figures.summary(run);
  } catch (error) {
    const now = clock.monotonic();
    memory.summaryFailedSince ??= now;
    if (now - memory.summaryFailedSince < POLICY.summaryMs) throw error;
    return undefined;
  }
};

/**
 * After the end: no process is left, the figures are whole, the load test knows the run, the slot is free.
 * Every step may be repeated, so a kill between any two is repaired by the next look.
 */
export const settleRun = async (
  deps: RunDeps,
  run: LoadTestRun,
  memory: { summaryFailedSince?: number },
): Promise<LoadTestRun | undefined> => {
  const { stores, figures, clock } = deps;
  await endLoad(deps, run);
  await recordOwnStatus(stores.events, run);
  await drainSpool(deps, run);
  await deps.failpoint("summary.before");
  const made = await summaryOf(deps, run, memory);
  const live = made && (await figures.snapshot(run));
  if (live !== undefined) await stores.runs.setLive(run.id, live);
  const summary = made ?? { ...NO_STATS, complete: false };
  if (!summary.complete && (made === undefined || summary.totalRequests > 0)) {
    await recordEvent(stores.events, run.id, {
      id: "incomplete",
      at: clock.now(),
      type: "incomplete",
      message:
        made === undefined
          ? "The figures of this run cannot be read; its summary is without them."
          : "Some figures of this run have not arrived; totals may be too low.",
    });
  }
  if (run.loadTestId !== undefined) {
    await updateRecentRuns(
      stores.loadTests,
      run.loadTestId,
      recentRunOf(run, summary),
      clock.now(),
    );
  }
  await deps.failpoint("recent-runs.after");
  await releaseRun(deps, run);
  await deps.failpoint("release.after");
  const now = clock.now();
  const settled = await stores.runs.update(
    run.id,
    { version: run.version },
    { summary, settledAt: now, updatedAt: now, updatedBy: SYSTEM },
  );
  if (settled !== undefined) figures.forget(run.id);
  return settled;
};

/** Stats that arrive after the end are counted; status and verdict stay what they are. */
export const refreshSummary = async (deps: RunDeps, arrived: LoadTestRun): Promise<void> => {
  const { stores, figures, clock } = deps;
  if (arrived.settledAt === undefined && arrived.deletingAt === undefined) return;
  for (;;) {
    // Read again: it may have been deleted while the figures were on their way in.
    const run = await stores.runs.get(arrived.id);
    if (run === undefined || run.deletingAt !== undefined) {
      await stores.metrics.deleteRun(arrived.id);
      await stores.events.deleteRun(arrived.id);
      figures.forget(arrived.id);
      throw new AppError("gone", `The run ${arrived.id} is deleted; its figures are not wanted.`);
    }
    const summary = await figures.summary(run);
    figures.forget(run.id);
    const now = clock.now();
    const patch = { summary, updatedAt: now, updatedBy: SYSTEM };
    const next = await stores.runs.update(run.id, { version: run.version }, patch);
    if (next === undefined) continue;
    if (run.loadTestId === undefined) return;
    return updateRecentRuns(stores.loadTests, run.loadTestId, recentRunOf(run, summary), now);
  }
};
