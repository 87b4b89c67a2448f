import { covers, scopeOf } from "@load-manager/contract/model/scope.ts";
import type { LoadTestRun, StatusReason } from "@load-manager/contract/model/run.ts";
import type { ClusterAdapter } from "../../clusters/port.ts";
import { deadlineOf } from "../domain/deadline.ts";
import { holdsSlot } from "../domain/states.ts";

/** Unix ms. Each waiting run takes the slot that is free first; `undefined` where a run before it has no end. */
const expectedStart = (
  slots: number,
  ends: readonly (number | undefined)[],
  before: readonly LoadTestRun[],
  now: number,
): number | undefined => {
  const free = Array.from({ length: slots }, (_, slot) =>
    slot < ends.length ? (ends[slot] ?? Number.POSITIVE_INFINITY) : now,
  );
  const next = (): number => free.indexOf(Math.min(...free));
  for (const run of before) {
    const seconds = run.durationSeconds ?? run.maxDurationSec ?? Number.POSITIVE_INFINITY;
    const slot = next();
    free[slot] = Math.max(free[slot] ?? now, now) + seconds * 1000;
  }
  const at = free[next()];
  return at !== undefined && Number.isFinite(at) ? Math.round(at) : undefined;
};

/**
 * Why a run waits: who has the cluster, the run's position in the queue (from 1) and when it should start. A cluster may
 * serve several tenants, so the run that has it is named only where whoever sees the waiting run sees it too.
 */
export const queueReason = (
  { id, maxConcurrentRuns }: ClusterAdapter["config"],
  waiting: LoadTestRun,
  open: readonly LoadTestRun[],
  position: number,
  now: number,
): StatusReason => {
  const ofCluster = open.filter((run) => run.locustClusterId === id);
  const holders = ofCluster.filter(holdsSlot);
  const before = ofCluster.filter(({ status }) => status === "Pending").slice(0, position - 1);
  const ends = holders.map((run) => deadlineOf(run, run.startedAt ?? run.startingAt));
  const expectedStartAt = expectedStart(maxConcurrentRuns, ends, before, now);
  const holder = holders.find((run) => covers(scopeOf(waiting), run));
  const busy =
    holder !== undefined
      ? `busy with the run "${holder.name}"`
      : holders.length === 0
        ? "busy"
        : "busy with a run of another project or environment";
  return {
    code: "cluster_busy",
    message: `The cluster ${id} is ${busy}.`,
    position,
    ...(holder === undefined ? {} : { runId: holder.id }),
    ...(expectedStartAt === undefined ? {} : { expectedStartAt }),
  };
};
