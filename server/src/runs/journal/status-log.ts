import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import type { Log } from "../../lib/log.ts";

const EVENTS: Readonly<Record<RunStatus, { readonly event: string; readonly message: string }>> = {
  Pending: { event: "run_created", message: "A run was accepted." },
  Starting: { event: "run_starting", message: "A run is being started." },
  Running: { event: "run_started", message: "A run makes requests." },
  Stopping: { event: "run_stopping", message: "A run is being stopped." },
  Finished: { event: "run_ended", message: "A run has ended." },
  Stopped: { event: "run_ended", message: "A run was stopped." },
  Failed: { event: "run_ended", message: "A run has failed." },
};

/**
 * Logs a change of status that was stored, with the request that caused it. Names and reasons' messages stay out: they are texts of users and targets,
 * and the run's events have them.
 */
export const logStatus = (
  log: Pick<Log, "info">,
  run: LoadTestRun,
  from: RunStatus | undefined,
  { requestId }: Pick<Actor, "requestId">,
): void => {
  const { id: runId, status, locustClusterId: clusterId, loadTestId, statusReason, endCause } = run;
  // A run that was started at Locust itself begins as Starting.
  const { event, message } = EVENTS[from === undefined ? "Pending" : status];
  log.info(
    {
      event,
      runId,
      ...(loadTestId === undefined ? {} : { loadTestId }),
      clusterId,
      ...(from === undefined ? {} : { from }),
      status,
      ...(statusReason === undefined ? {} : { reason: statusReason.code }),
      ...(endCause === undefined ? {} : { endCause }),
      ...(requestId === undefined ? {} : { requestId }),
    },
    message,
  );
};
