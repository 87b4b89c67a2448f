import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import { LIMIT } from "@load-manager/server/metrics/codec/totals.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { liveOf } from "@load-manager/server/stores/mongo/live.ts";
import type { Document } from "mongodb";
import type { MetricRun } from "./metrics.ts";

/** What the records need to know of a run; its last totals come from `withLast`. */
export type KnownRun = MetricRun & { readonly isOlder: boolean };

export const knownRunOf = (
  run: Scope &
    Pick<LoadTestRun, "startedAt" | "finishedAt" | "targetUsers" | "status" | "startingAt">,
): KnownRun => ({
  scope: scopeOf(run),
  startedAt: run.startedAt,
  finishedAt: run.finishedAt,
  targetUsers: run.targetUsers,
  ended: isTerminal(run.status),
  // Only today's program writes when a run was Starting; what it has recorded is whole.
  isOlder: run.startingAt === undefined,
});

/** What is unknown has the largest count, as in records. */
const withCounts = (live: MetricSnapshot) => ({
  ...live,
  totalRequests: live.totalRequests ?? LIMIT,
  totalFailures: live.totalFailures ?? LIMIT,
  requestStats: Object.fromEntries(
    Object.entries(live.requestStats).map(([key, endpoint]) => {
      const { numRequests, numFailures } = endpoint;
      const counts = { numRequests: numRequests ?? LIMIT, numFailures: numFailures ?? LIMIT };
      return [key, { ...endpoint, ...counts }];
    }),
  ),
});

/** The run with its last totals, from its document in `run_live`. */
export const withLast = (
  run: KnownRun | undefined,
  live: Document | null,
): MetricRun | undefined => {
  if (run?.isOlder !== true || live === null) return run;
  const snapshot = withCounts(liveOf(live));
  return { ...run, last: { at: snapshot.timestamp, snapshot } };
};
