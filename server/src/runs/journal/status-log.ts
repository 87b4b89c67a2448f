import type { LoadTestRun, RunStatus } from "@load-manager/contract/model/run.ts";
import type { Log } from "../../lib/log.ts";

const EVENTS: Readonly<Record<RunStatus, readonly [event: string, message: string]>> = {
  Pending: ["run_created", "A run was accepted."],
  Starting: ["run_starting", "A run is being started."],
  Running: ["run_started", "A run makes requests."],
  Stopping: ["run_stopping", "A run is being stopped."],
  Finished: ["run_ended", "A run has ended."],
  Stopped: ["run_ended", "A run was stopped."],
  Failed: ["run_ended", "A run has failed."],
};

/**
 * Logs a change of status that was stored. Names and reasons' messages stay out: they are texts of users and targets,
 * and the run's events have them.
 */
export const logStatus = (
  log: Pick<Log, "info">,
  run: LoadTestRun,
  from: RunStatus | undefined,
): void => {
  const { id: runId, status, locustClusterId: clusterId, loadTestId, statusReason, endCause } = run;
  // A run that was started at Locust itself begins as Starting.
  const [event, message] = EVENTS[from === undefined ? "Pending" : status];
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
    },
    message,
  );
};
