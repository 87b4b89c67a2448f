import type { ReasonCode } from "@load-manager/contract/model/reasons.ts";
import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";

/** Every allowed change of status; stores refuse any other. Terminal statuses absorb. */
const TRANSITIONS: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  Pending: ["Starting", "Stopped", "Failed"],
  Starting: ["Running", "Stopping", "Failed"],
  Running: ["Stopping", "Failed"],
  Stopping: ["Finished", "Stopped", "Failed"],
  Finished: [],
  Stopped: [],
  Failed: [],
};

export const canBecome = (from: RunStatus, to: RunStatus): boolean =>
  from === to || TRANSITIONS[from].includes(to);

/** Locust has shown or reported the end of the load, and nobody has stopped it here: there is nothing to stop. */
export const hasReportedEnd = ({
  status,
  loadEndedAt,
  stopSentAt,
}: Pick<LoadTestRun, "status" | "loadEndedAt" | "stopSentAt">): boolean =>
  status === "Stopping" && loadEndedAt !== undefined && stopSentAt === undefined;

export const isTerminal = (status: RunStatus): boolean => TRANSITIONS[status].length === 0;

const STATUSES = Object.keys(TRANSITIONS) as RunStatus[];
export const ACTIVE_STATUSES: readonly RunStatus[] = STATUSES.filter((one) => !isTerminal(one));

/** Whether the run has, or may have, a slot of its cluster. A run cancelled while Pending never had one. */
export const holdsSlot = (
  run: Pick<LoadTestRun, "status" | "slot" | "trigger" | "deletingAt">,
): boolean =>
  run.status !== "Pending" &&
  run.deletingAt === undefined &&
  (run.slot !== undefined || run.trigger === "external");

export const isActive = (run: Pick<LoadTestRun, "status">): boolean => !isTerminal(run.status);

/** The master's process is gone, and nobody has told its workers. */
const MASTER_GONE: readonly string[] = ["master_lost", "master_restarted"] satisfies ReasonCode[];

/** Whether the run failed because its master's process was gone. */
export const isMasterGone = (run: Pick<LoadTestRun, "status" | "statusReason">): boolean =>
  run.status === "Failed" && MASTER_GONE.includes(run.statusReason?.code ?? "");

/** Whether the master went while there was load, so that nobody knows what it had counted since it was last asked. */
export const isEndUnseen = (run: LoadTestRun): boolean =>
  isMasterGone(run) && run.loadEndSeenAt === undefined;
