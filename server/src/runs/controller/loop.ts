import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { messageOf } from "../../lib/errors.ts";
import type { RunDeps } from "../deps.ts";
import { admitPending, awaitedClusters } from "./admission.ts";
import { POLICY } from "../domain/policy.ts";
import { type Memory, reconcileRun } from "./reconcile-run.ts";

/**
 * Looks at every run that is not settled, again and again, until it is. Losing every wake-up costs a second;
 * after a restart the same looks adopt whatever is running.
 */
export type RunLoop = {
  readonly start: () => void;
  /** Look now; with an id at that run, without one at what is waiting. */
  readonly wake: (runId?: string) => void;
  /** No more looks; resolves when those under way have ended. Runs go on. */
  readonly stop: () => Promise<void>;
};

type Watch = { woken: boolean; rouse?: () => void };

export const createLoop = (deps: RunDeps): RunLoop => {
  const watches = new Map<string, Watch>();
  const tasks = new Set<Promise<void>>();
  const admissions = new Set<string>();
  const sweep: Watch = { woken: false };
  const ending = new AbortController();

  const rouse = (watch: Watch): void => {
    watch.woken = true;
    watch.rouse?.();
  };

  const nap = (watch: Watch): Promise<void> => {
    if (watch.woken || ending.signal.aborted) {
      watch.woken = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        delete watch.rouse;
        watch.woken = false;
        resolve();
      };
      const timer = setTimeout(done, POLICY.tickMs);
      watch.rouse = done;
    });
  };

  const track = (task: Promise<void>): void => {
    tasks.add(task);
    void task.finally(() => tasks.delete(task));
  };

  const follow = async (runId: string, watch: Watch): Promise<void> => {
    const memory: Memory = {};
    let told: { error: string; at: number } | undefined;
    while (!ending.signal.aborted) {
      try {
        if (await reconcileRun(deps, runId, memory)) break;
        told = undefined;
      } catch (thrown) {
        const error = messageOf(thrown);
        const at = deps.clock.monotonic();
        if (told?.error !== error || at - told.at > POLICY.sameErrorMs) {
          told = { error, at };
          deps.log.error({ runId, error }, "a look at a run failed; the next ones follow");
        }
      }
      await nap(watch);
    }
    watches.delete(runId);
    rouse(sweep);
  };

  /** One look at a time at who waits for a cluster; a cluster that does not answer holds up no other. */
  const admit = async (clusterId: string, open: readonly LoadTestRun[]): Promise<void> => {
    admissions.add(clusterId);
    const changed = await admitPending(deps, clusterId, open);
    admissions.delete(clusterId);
    if (changed) rouse(sweep);
  };

  /** Not while runs are open: their times are to fit together. */
  const followWall = (): void => {
    const jumpedMs = Math.round(deps.clock.follow?.() ?? 0);
    if (jumpedMs !== 0) deps.log.warn({ jumpedMs }, "the clock of this machine was set");
  };

  const watchAll = async (): Promise<void> => {
    const open = await deps.stores.runs.unsettled();
    if (open.length === 0) followWall();
    for (const run of open) {
      if (run.status === "Pending" || watches.has(run.id) || ending.signal.aborted) continue;
      const watch: Watch = { woken: false };
      watches.set(run.id, watch);
      track(follow(run.id, watch));
    }
    for (const clusterId of awaitedClusters(open)) {
      if (!admissions.has(clusterId) && !ending.signal.aborted) track(admit(clusterId, open));
    }
  };

  const sweeping = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      try {
        await watchAll();
      } catch (error) {
        deps.log.error(
          { error: messageOf(error) },
          "the look at all runs failed; the next one follows",
        );
      }
      await nap(sweep);
    }
  };

  return {
    start: () => track(sweeping()),
    wake: (runId) => {
      const watch = runId === undefined ? undefined : watches.get(runId);
      rouse(watch ?? sweep);
    },
    stop: async () => {
      ending.abort();
      rouse(sweep);
      for (const watch of watches.values()) rouse(watch);
      await Promise.all(tasks);
    },
  };
};
