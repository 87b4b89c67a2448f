import type { LoadTestRun, RunEvent, RunStatus } from "@load-manager/contract/run.ts";
import type { RunEventStore } from "../stores/ports.ts";

type Data = NonNullable<RunEvent["data"]>;

/** `id` makes it idempotent within its run: the same twice is one event. */
export const recordEvent = (
  events: RunEventStore,
  runId: string,
  event: {
    readonly id: string;
    readonly at: number;
    readonly type: string;
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
