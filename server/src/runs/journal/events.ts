import type { EventType } from "@load-manager/contract/reasons.ts";
import type { LoadTestRun, RunEvent, RunStatus } from "@load-manager/contract/run.ts";
import type { ForcedStep } from "../../clusters/port.ts";
import { messageOf } from "../../lib/errors.ts";
import type { RunEventStore } from "../../stores/ports.ts";
import type { RunDeps } from "../deps.ts";

type Data = NonNullable<RunEvent["data"]>;

/** `id` makes it idempotent within its run: the same twice is one event. */
export const recordEvent = (
  events: RunEventStore,
  runId: string,
  event: {
    readonly id: string;
    readonly at: number;
    readonly type: EventType;
    readonly message: string;
    readonly data?: Data;
  },
): Promise<void> => {
  const { id, ...shown } = event;
  return events.append(runId, [{ id: `${runId}:${id}`, ...shown }]);
};

/** Every change of state with its cause; the run's version makes it one event however often it is written. */
export const recordStatus = (
  events: RunEventStore,
  run: LoadTestRun,
  from: RunStatus | undefined,
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
    },
  });
};

/**
 * A kill between the write of a state and its event loses the event: whoever next looks at the run, or takes it out of
 * that state, writes it first. What is there already stays as it is.
 */
export const recordOwnStatus = (events: RunEventStore, run: LoadTestRun): Promise<void> => {
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

/** Records each step by which processes of a run are ended. Never rejects: ending them matters more than telling. */
export const forcedSteps =
  (deps: Pick<RunDeps, "stores" | "clock" | "log">, run: LoadTestRun) =>
  async ({ signal, pids }: ForcedStep): Promise<void> => {
    const [type, message] = FORCED[signal];
    const event = { id: type, at: deps.clock.now(), type, message, data: { pids: [...pids] } };
    await recordEvent(deps.stores.events, run.id, event).catch((error: unknown) => {
      deps.log.warn({ runId: run.id, type, error: messageOf(error) }, "an event was not recorded");
    });
  };
