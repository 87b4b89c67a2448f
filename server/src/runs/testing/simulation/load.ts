import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { LoadState } from "../../../clusters/port.ts";

export type Load = {
  readonly runId: string;
  readonly startedAt: number;
  readonly deadlineAt: number | undefined;
  readonly stopTimeoutMs: number;
  requests: number;
  targetUsers: number;
  stopIssuedAt?: number;
  endedAt?: number;
  stopCause?: LoadState["stopCause"];
};

/** How the loads are named that somebody starts in Locust's own page. */
export const OTHER = "somebody-";
export const isOthers = ({ runId }: Load): boolean => runId.startsWith(OTHER);

/** As of an attached cluster without the plugin: what was not seen to end. */
export const mayHaveLoad = (run: LoadTestRun): boolean =>
  run.status === "Failed" && run.startSent !== undefined;
