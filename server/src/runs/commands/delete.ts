import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clusters } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import { AppError, stale } from "../../lib/errors.ts";
import type { Failpoint } from "../../lib/failpoints.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { isActive } from "../domain/states.ts";
import { removeRecentRun } from "../journal/recent-runs.ts";
import type { RunWriter } from "../journal/run-writer.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly runs: Pick<RunReader, "get" | "delete">;
  readonly events: RunEventStore;
  readonly loadTests: LoadTestStore;
  readonly metrics: Pick<RunMetrics, "deleteRun" | "forget">;
  readonly clusters: Clusters;
  readonly clock: Pick<Clock, "now">;
  readonly failpoint: Failpoint;
};

/**
 * Deletes an ended run with its metrics, events and folder. The intent is stored before anything is deleted, so a run that
 * must stay loses nothing. From then on the run is not settled, so the controller finishes what a kill cuts off.
 * Rejects with AppError conflict where the run is active or kept, stale where `ifMatch` is another version.
 */
export const deleteRun = async (
  deps: Deps,
  run: LoadTestRun,
  ifMatch: number | undefined,
  actor: Actor,
): Promise<void> => {
  const decided = await deps.writer.change(
    run.id,
    (current) => {
      if (current.deletingAt !== undefined) return undefined;
      if (ifMatch !== undefined && ifMatch !== current.version) throw stale("run", run.id);
      if (isActive(current) || current.settledAt === undefined) {
        throw new AppError(
          "conflict",
          "The run is active; stop it first, and wait until it has ended.",
        );
      }
      if (current.keep) {
        throw new AppError("conflict", 'The run is kept; set "keep" to false first.');
      }
      return { deletingAt: deps.clock.now(), settledAt: null };
    },
    actor,
  );
  await deps.failpoint("deleting.after");
  await finishDeletion(deps, decided);
};

/** Every step may be repeated, also by two servers at once. */
export const finishDeletion = async (deps: Deps, run: LoadTestRun): Promise<void> => {
  await deps.metrics.deleteRun(run.id);
  await deps.events.deleteRun(run.id);
  await deps.clusters.of(run).remove(run.id);
  if (run.loadTestId !== undefined) {
    await removeRecentRun(deps.loadTests, run.loadTestId, run.id, deps.clock.now());
  }
  if (!(await deps.runs.delete(run.id, run.version)) && (await deps.runs.get(run.id))) {
    throw stale("run", run.id);
  }
  deps.metrics.forget(run.id);
  deps.clusters.forget(run.id);
};
