import type { ChangeLoad, LoadTestRun, UpdateRun } from "@load-manager/contract/run.ts";
import { withoutRun } from "../journal/recent-runs.ts";
import { AppError, notFound } from "../../lib/errors.ts";
import type { RunDeps } from "../deps.ts";
import { recordEvent, recordOwnStatus, recordStatus } from "../journal/events.ts";
import { isActive, isTerminal } from "../domain/states.ts";

type Patch = Parameters<RunDeps["stores"]["runs"]["update"]>[2];

const stale = (id: string): AppError =>
  new AppError("stale", `The run ${id} has changed since it was read; read it again.`);

/** Reads, decides, writes; again where somebody else wrote in between. `undefined` from `decide` leaves the run as it is. */
export const changeRun = async (
  deps: RunDeps,
  id: string,
  decide: (run: LoadTestRun) => Patch | undefined,
  by: string,
): Promise<LoadTestRun> => {
  for (;;) {
    const run = await deps.stores.runs.get(id);
    if (run === undefined) throw notFound("run", id);
    const patch = decide(run);
    if (patch === undefined) return run;
    const leaves = patch.status !== undefined && patch.status !== run.status;
    if (leaves) await recordOwnStatus(deps.stores.events, run);
    const next = await deps.stores.runs.update(
      id,
      { version: run.version },
      { ...patch, updatedAt: deps.clock.now(), updatedBy: by },
    );
    if (next === undefined) continue;
    if (leaves) await recordStatus(deps.stores.events, next, run.status);
    return next;
  }
};

/** Stores the intent to stop; the loop carries it out. A run that waits is over at once; an ended one stays as it is. */
export const stopTestRun = (
  deps: RunDeps,
  id: string,
  by: { readonly name: string; readonly reason?: string | undefined },
): Promise<LoadTestRun> => {
  const message = `Stopped by ${by.name}${by.reason === undefined ? "" : `: ${by.reason}`}.`;
  const statusReason = { code: "stopped_by_user", message };
  return changeRun(
    deps,
    id,
    (run) => {
      const now = deps.clock.now();
      if (isTerminal(run.status) || run.status === "Stopping") return undefined;
      if (run.status === "Pending") {
        return { status: "Stopped", endCause: "stopped_by_user", statusReason, finishedAt: now };
      }
      return { status: "Stopping", endCause: "stopped_by_user", statusReason, stoppingAt: now };
    },
    by.name,
  );
};

/** Stores the users wanted; the loop commands them. */
export const changeLoad = async (
  deps: RunDeps,
  id: string,
  load: ChangeLoad,
  by: string,
): Promise<LoadTestRun> => {
  const now = deps.clock.now();
  const run = await changeRun(
    deps,
    id,
    (current) => {
      if (current.status !== "Running") {
        throw new AppError(
          "conflict",
          `Users can be changed while a run is Running; this one is ${current.status}.`,
        );
      }
      const spawnRate =
        load.spawnRate ?? current.commandedLoad?.spawnRate ?? current.spawnRate ?? 1;
      // The plugin tells the newer of two by it, whatever the clocks of the servers say.
      const at = Math.max(now, (current.commandedLoad?.at ?? 0) + 1);
      return { commandedLoad: { targetUsers: load.targetUsers, spawnRate, at } };
    },
    by,
  );
  await recordEvent(deps.stores.events, id, {
    id: `load:${run.version}`,
    at: now,
    type: "load_changed",
    message: `${by} changed the users to ${load.targetUsers}.`,
    data: { targetUsers: load.targetUsers, spawnRate: run.commandedLoad?.spawnRate ?? 1 },
  });
  return run;
};

export const updateRun = async (
  deps: RunDeps,
  run: LoadTestRun,
  input: UpdateRun,
  ifMatch: number | undefined,
  by: string,
): Promise<LoadTestRun> => {
  const { updatedBy, ...fields } = input;
  return changeRun(
    deps,
    run.id,
    (current) => {
      if (current.deletingAt !== undefined) {
        throw new AppError("conflict", "The run is being deleted.");
      }
      if (ifMatch !== undefined && ifMatch !== current.version) throw stale(run.id);
      return fields;
    },
    updatedBy ?? by,
  );
};

/**
 * Deletes an ended run with its figures, events and folder. That it is to be deleted is stored before anything is taken
 * away, so a run that must stay loses nothing; from then on it is not settled, so the loop finishes what a kill cuts off.
 */
export const deleteRun = async (
  deps: RunDeps,
  run: LoadTestRun,
  ifMatch: number | undefined,
  by: string,
): Promise<void> => {
  const decided = await changeRun(
    deps,
    run.id,
    (current) => {
      if (current.deletingAt !== undefined) return undefined;
      if (ifMatch !== undefined && ifMatch !== current.version) throw stale(run.id);
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
    by,
  );
  await deps.failpoint("deleting.after");
  await finishDeletion(deps, decided);
};

/** Every step may be repeated, and by two servers at once. */
export const finishDeletion = async (deps: RunDeps, run: LoadTestRun): Promise<void> => {
  const { stores, clock } = deps;
  await stores.metrics.deleteRun(run.id);
  await stores.events.deleteRun(run.id);
  await deps.clusters.of(run).remove(run.id);
  if (run.loadTestId !== undefined) {
    await withoutRun(stores.loadTests, run.loadTestId, run.id, clock.now());
  }
  if (!(await stores.runs.delete(run.id, run.version)) && (await stores.runs.get(run.id))) {
    throw stale(run.id);
  }
  deps.figures.forget(run.id);
};
