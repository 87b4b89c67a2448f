import { plannedUsersAt, type Stage } from "@load-manager/contract/model/load-profile.ts";
import type { LoadState } from "../../domain/observation.ts";

export type Load = {
  readonly runId: string;
  readonly startedAt: number;
  readonly deadlineAt: number | undefined;
  readonly stopTimeoutMs: number;
  requests: number;
  targetUsers: number;
  /** Absent: the target is constant. */
  readonly stages?: readonly Stage[];
  stopIssuedAt?: number;
  endedAt?: number;
  stopCause?: LoadState["stopCause"];
};

/** Prefix of the ids of loads that a user starts in Locust's own page. */
export const OTHER = "other-";
export const isOthers = ({ runId }: Load): boolean => runId.startsWith(OTHER);

/** The users that Locust has, which are those that it should have. */
export const usersOf = ({ stages, startedAt, targetUsers }: Load, now: number): number =>
  stages === undefined ? targetUsers : plannedUsersAt(stages, (now - startedAt) / 1000);
