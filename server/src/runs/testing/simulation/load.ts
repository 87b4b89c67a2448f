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
