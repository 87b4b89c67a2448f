import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { stopTimeoutOf } from "@load-manager/contract/model/stop-timeout.ts";
import type { Clock } from "../../lib/clock.ts";
import { connectedOf, isLoading, type Stats } from "./stats.ts";

/** A worker that has not come back so long after its stop timeout is lost, and is not waited for. */
const GRACE_MS = 5000;

/**
 * Locust's workers sleep for its stop timeout after each load before they are ready again, and its page does not list them
 * meanwhile. Locust does not show that timeout: the run's own stands for it.
 */
export type Sleepers = {
  /** Of the load that the page shows for this run. */
  readonly note: (run: LoadTestRun, stats: Stats) => void;
  /** What to say where workers of the last load are still away; `undefined` where none is. */
  readonly among: (
    stats: Stats,
  ) => { readonly message: string; readonly freeAt: number } | undefined;
};

export const createSleepers = (clock: Pick<Clock, "now" | "monotonic">): Sleepers => {
  let last: { runId: string; workers: number; timeoutMs: number; endedAt?: number } | undefined;
  return {
    note: (run, stats) => {
      if (last?.runId !== run.id) {
        last = { runId: run.id, workers: 0, timeoutMs: stopTimeoutOf(run) * 1000 };
      }
      if (isLoading(stats.state)) last.workers = Math.max(last.workers, connectedOf(stats));
      else last.endedAt ??= clock.monotonic();
    },
    among: (stats) => {
      const connected = connectedOf(stats);
      if (last?.endedAt === undefined || connected >= last.workers) return undefined;
      const leftMs = last.endedAt + last.timeoutMs - clock.monotonic();
      if (leftMs + GRACE_MS <= 0) return undefined;
      return {
        message: `Locust is still stopping: ${connected} of its ${last.workers} workers are ready again; the others sleep for its stop timeout.`,
        freeAt: Math.round(clock.now() + Math.max(0, leftMs)),
      };
    },
  };
};
