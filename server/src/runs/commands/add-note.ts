import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import { recordEvent } from "../journal/events.ts";

/** Adds a user's mark to the events of a run: at a time in ms, by default now. The same `id` adds it once. */
export const addNote = async (
  deps: { readonly events: RunEventStore; readonly clock: Pick<Clock, "now"> },
  runId: string,
  note: {
    readonly id: string;
    readonly at: number | undefined;
    readonly message: string;
  },
  actor: Actor,
): Promise<RunEvent> => {
  const event = {
    at: note.at ?? deps.clock.now(),
    type: "note" as const,
    message: note.message,
    data: { createdBy: actor.name, createdByActor: refOf(actor) },
  };
  await recordEvent(deps.events, runId, { id: note.id, ...event });
  return event;
};
