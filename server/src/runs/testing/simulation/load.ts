import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { LoadState } from "../../domain/observation.ts";

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

/** Prefix of the ids of loads that a user starts in Locust's own page. */
export const OTHER = "other-";
export const isOthers = ({ runId }: Load): boolean => runId.startsWith(OTHER);

/** Like an attached cluster without the plugin: the load may still run if the server did not see it end. */
export const mayHaveLoad = (run: LoadTestRun): boolean =>
  run.status === "Failed" && run.startSent !== undefined;
