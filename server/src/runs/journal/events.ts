import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { EventType } from "@load-manager/contract/model/reasons.ts";
import type { LoadTestRun, RunEvent, RunStatus } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { ForcedStep } from "../domain/observation.ts";

/** `id` makes an event idempotent within its run: the same id twice is one event. */
export type NewEvent = {
  readonly id: string;
  /** Unix ms. */
  readonly at: number;
  readonly type: EventType;
  readonly message: string;
  readonly data?: NonNullable<RunEvent["data"]>;
};

export const recordEvent = (
  events: RunEventStore,
  runId: string,
  { id, ...event }: NewEvent,
): Promise<void> => events.append(runId, [{ id: `${runId}:${id}`, ...event }]);

/**
 * A change of status with its reason, and who made it where that was not the server; each status is recorded once, however
 * often this is called.
 */
export const recordStatus = (
  events: RunEventStore,
  run: LoadTestRun,
  from: RunStatus | undefined,
  actor?: Actor,
): Promise<void> => {
  const why = run.statusReason === undefined ? "" : `: ${run.statusReason.message}`;
  return recordEvent(events, run.id, {
    id: `status:${run.status}`,
    at: run.updatedAt,
    type: "status",
    message: `${run.status}${why}`,
    data: {
      to: run.status,
      ...(from === undefined ? {} : { from }),
      ...(run.statusReason === undefined ? {} : { code: run.statusReason.code }),
      ...(actor === undefined ? {} : { actor: refOf(actor) }),
    },
  });
};

/**
 * Records the run's present status where a kill between the write of the status and its event has lost the event. An
 * event that is stored already stays as it is. The status before and the actor are lost.
 */
export const recordCurrentStatus = (events: RunEventStore, run: LoadTestRun): Promise<void> => {
  const since = {
    Pending: run.createdAt,
    Starting: run.startingAt,
    Running: run.startedAt,
    Stopping: run.stoppingAt,
    Finished: run.finishedAt,
    Stopped: run.finishedAt,
    Failed: run.finishedAt,
  }[run.status];
  return recordStatus(events, { ...run, updatedAt: since ?? run.updatedAt }, undefined);
};

const FORCED = {
  SIGTERM: [
    "stop_forced_term",
    "The stop had no effect; the processes were asked to end (SIGTERM).",
  ],
  SIGKILL: ["stop_forced_kill", "The processes did not end; they were killed (SIGKILL)."],
} as const;

/**
 * Records each signal that the run's processes are sent. Never rejects: ending the processes matters more than the
 * record.
 */
export const forcedStepRecorder =
  (
    deps: { readonly events: RunEventStore; readonly clock: Pick<Clock, "now">; readonly log: Log },
    run: LoadTestRun,
  ) =>
  async ({ signal, pids }: ForcedStep): Promise<void> => {
    const [type, message] = FORCED[signal];
    const event = { id: type, at: deps.clock.now(), type, message, data: { pids: [...pids] } };
    await recordEvent(deps.events, run.id, event).catch((error: unknown) => {
      const fields = {
        event: "run_event_not_stored",
        runId: run.id,
        type,
        error: messageOf(error),
      };
      deps.log.warn(fields, "An event of a run was not stored.");
    });
  };
