import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { createPeriodic, type Periodic } from "../../lib/periodic.ts";
import { POLICY } from "../domain/policy.ts";
import { type AdmissionDeps, admitPending, awaitedClusters } from "./admission.ts";
import { type ReconcileDeps, reconcileRun, type RunMemory } from "./reconcile-run.ts";

/**
 * Reconciles every run that is not settled, again and again, until it is. A lost wake-up costs a second; after a restart
 * the same passes take over whatever is running.
 */
export type RunLoop = {
  readonly start: () => void;
  /** Starts a pass now: over the run with this id, or without an id over all that wait. */
  readonly wake: (runId?: string) => void;
  /** Ends the passes; resolves when those under way are over. Runs go on. */
  readonly stop: () => Promise<void>;
};

export const createLoop = (deps: ReconcileDeps & AdmissionDeps): RunLoop => {
  const { clock, log } = deps;
  const watched = new Map<string, Periodic>();
  const admissions = new Map<string, Promise<void>>();

  const watch = (runId: string): void => {
    const memory: RunMemory = {};
    const watcher = createPeriodic({
      name: "reconcile_pass",
      intervalMs: POLICY.tickMs,
      fields: { runId },
      log,
      job: async () => {
        if (await reconcileRun(deps, runId, memory)) return "done";
        if (memory.hasMoved === true) watcher.wake();
        memory.hasMoved = false;
        return undefined;
      },
    });
    watched.set(runId, watcher);
    void watcher.ended.then(() => {
      watched.delete(runId);
      sweeper.wake();
    });
    watcher.start();
  };

  /** One admission at a time for each cluster, so that a cluster that does not answer delays no other. */
  const admit = async (clusterId: string, open: readonly LoadTestRun[]): Promise<void> => {
    const changed = await admitPending(deps, clusterId, open);
    admissions.delete(clusterId);
    if (changed) sweeper.wake();
  };

  /** Takes over a wall clock that was set, but not while runs are open: their times must fit together. */
  const followWallClock = (): void => {
    const jumpedMs = Math.round(clock.follow?.() ?? 0);
    if (jumpedMs === 0) return;
    log.warn({ event: "clock_set", jumpedMs }, "The clock of this machine was set.");
  };

  const sweep = async (signal: AbortSignal): Promise<void> => {
    const open = await deps.runs.unsettled();
    if (open.length === 0) followWallClock();
    for (const { id, status } of open) {
      if (status !== "Pending" && !watched.has(id) && !signal.aborted) watch(id);
    }
    for (const clusterId of awaitedClusters(open)) {
      if (admissions.has(clusterId) || signal.aborted) continue;
      admissions.set(clusterId, admit(clusterId, open));
    }
  };

  const sweeper = createPeriodic({
    name: "run_sweep",
    intervalMs: POLICY.tickMs,
    log,
    job: sweep,
  });

  return {
    start: sweeper.start,
    wake: (runId) => {
      const watcher = runId === undefined ? undefined : watched.get(runId);
      (watcher ?? sweeper).wake();
    },
    stop: async () => {
      await Promise.all([
        sweeper.stop(),
        ...[...watched.values()].map((watcher) => watcher.stop()),
        ...admissions.values(),
      ]);
      // A sweep that was under way may have started more.
      await Promise.all([...watched.values()].map((watcher) => watcher.stop()));
    },
  };
};
