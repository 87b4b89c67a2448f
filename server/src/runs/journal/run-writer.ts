import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { notFound } from "../../lib/errors.ts";
import type { Failpoint } from "../../lib/failpoints.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { RunStore } from "../../stores/model/load-test-run.ts";
import { recordCurrentStatus, recordStatus } from "./events.ts";

/** Told of each change of status once it is stored, and of who made it; `from` is absent for a new run. */
export type OnStatus = (run: LoadTestRun, from: RunStatus | undefined, actor: Actor) => void;

/** Told of each run that is settled, once it is stored. */
export type OnSettled = (run: LoadTestRun) => void;

export type RunPatch = Parameters<RunStore["update"]>[2];

/** The server itself. */
const SYSTEM: Actor = { kind: "system", id: "load-manager", name: "load-manager" };

/** The only way to change a stored run. Each change of status is an event too. */
export type RunWriter = {
  /** Stores a new run. Rejects with AppError conflict where the id is taken. */
  readonly create: (run: LoadTestRun, actor: Actor) => Promise<void>;
  /**
   * Writes as the server, where the run is still as it was read and, with a fence, still held with that fence.
   * `undefined` where it is not: the next pass decides again.
   */
  readonly write: (
    run: LoadTestRun,
    patch: RunPatch,
    fence?: number,
  ) => Promise<LoadTestRun | undefined>;
  /**
   * Reads, decides and writes, and starts over where somebody else wrote in between. `undefined` from `decide` leaves
   * the run as it is; an `updatedBy` in the patch stands before the actor's name. Rejects with AppError not-found where
   * there is no such run.
   */
  readonly change: (
    runId: string,
    decide: (run: LoadTestRun) => RunPatch | undefined,
    actor: Actor,
  ) => Promise<LoadTestRun>;
};

export const createRunWriter = (deps: {
  readonly runs: Pick<RunStore, "create" | "get" | "update">;
  readonly events: RunEventStore;
  readonly clock: Pick<Clock, "now">;
  readonly failpoint: Failpoint;
  readonly onStatus: OnStatus;
  readonly onSettled: OnSettled;
}): RunWriter => {
  const { runs, events, clock, failpoint, onStatus, onSettled } = deps;

  const update = async (
    run: LoadTestRun,
    patch: RunPatch,
    actor: Actor,
    fence?: number,
  ): Promise<LoadTestRun | undefined> => {
    const changesStatus = patch.status !== undefined && patch.status !== run.status;
    // A kill may have kept the event of the present status from being stored.
    if (changesStatus) await recordCurrentStatus(events, run);
    const guard = { version: run.version, ...(fence === undefined ? {} : { fence }) };
    const updatedBy = patch.updatedBy ?? actor.name;
    const fields = { ...patch, updatedAt: clock.now(), updatedBy };
    if (!changesStatus) {
      const next = await runs.update(run.id, guard, fields);
      if (next?.settledAt !== undefined && run.settledAt === undefined) onSettled(next);
      return next;
    }
    const byServer = actor === SYSTEM;
    if (byServer) await failpoint(`${patch.status}.before`);
    const next = await runs.update(run.id, guard, fields);
    if (next === undefined) return undefined;
    onStatus(next, run.status, actor);
    if (byServer) await failpoint(`${patch.status}.after`);
    await recordStatus(events, next, run.status, byServer ? undefined : actor);
    return next;
  };

  return {
    create: async (run, actor) => {
      await failpoint("create.before");
      await runs.create(run);
      onStatus(run, undefined, actor);
      await failpoint("create.after");
      await recordStatus(events, run, undefined, actor);
    },
    write: (run, patch, fence) => update(run, patch, SYSTEM, fence),
    change: async (runId, decide, actor) => {
      for (;;) {
        const run = await runs.get(runId);
        if (run === undefined) throw notFound("run", runId);
        const patch = decide(run);
        if (patch === undefined) return run;
        const next = await update(run, patch, actor);
        if (next !== undefined) return next;
      }
    },
  };
};
