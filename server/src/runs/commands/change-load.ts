import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { ChangeLoad } from "@load-manager/contract/api/run.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { AppError, stale } from "../../lib/errors.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import { recordEvent } from "../journal/events.ts";
import type { RunWriter } from "../journal/run-writer.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly events: RunEventStore;
  readonly clock: Pick<Clock, "now">;
};

/**
 * Stores the wanted users; the controller commands them. Rejects with AppError conflict unless the run is Running and has the load profile constant, stale
 * where `ifMatch` is another version.
 */
export const changeLoad = async (
  deps: Deps,
  id: string,
  load: ChangeLoad,
  actor: Actor,
  ifMatch?: number,
): Promise<LoadTestRun> => {
  const now = deps.clock.now();
  const run = await deps.writer.change(
    id,
    (current) => {
      if (ifMatch !== undefined && ifMatch !== current.version) throw stale("run", id);
      if (current.status !== "Running") {
        throw new AppError(
          "conflict",
          `Users can be changed while a run is Running; this one is ${current.status}.`,
        );
      }
      if (current.loadProfile.kind !== "constant") {
        throw new AppError(
          "conflict",
          `Users can be changed with the load profile constant; this run has ${current.loadProfile.kind}, which decides them by itself.`,
        );
      }
      const spawnRate =
        load.spawnRate ?? current.commandedLoad?.spawnRate ?? current.spawnRate ?? 1;
      // The plugin takes the command with the higher `at` as the newer one, whatever the servers' clocks show.
      const at = Math.max(now, (current.commandedLoad?.at ?? 0) + 1);
      return { commandedLoad: { targetUsers: load.targetUsers, spawnRate, at } };
    },
    actor,
  );
  await recordEvent(deps.events, id, {
    id: `load:${run.version}`,
    at: now,
    type: "load_changed",
    message: `${actor.name} changed the users to ${load.targetUsers}.`,
    data: {
      actor: refOf(actor),
      targetUsers: load.targetUsers,
      spawnRate: run.commandedLoad?.spawnRate ?? 1,
    },
  });
  return run;
};
