import type { LoadTestRun, StatusReason } from "@load-manager/contract/model/run.ts";
import type { ClusterAdapter, Clusters } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Failpoint } from "../../lib/failpoints.ts";
import type { Log } from "../../lib/log.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { clusterBusy, clusterUnknown, expired } from "../domain/outcomes.ts";
import { POLICY } from "../domain/policy.ts";
import { holdsSlot } from "../domain/states.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import type { Ownership } from "../ownership/leases.ts";
import { queueReason } from "./queue-position.ts";

export type AdmissionDeps = {
  readonly writer: RunWriter;
  readonly runs: Pick<RunReader, "get" | "unsettled">;
  readonly ownership: Ownership;
  readonly clusters: Clusters;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: { readonly pendingTimeoutSeconds: number };
  readonly failpoint: Failpoint;
};

/** The ids of the clusters that runs wait for. */
export const awaitedClusters = (open: readonly LoadTestRun[]): Set<string> =>
  new Set(open.filter(({ status }) => status === "Pending").map((run) => run.locustClusterId));

/**
 * One pass over the runs that wait for this cluster, oldest first: starts those that have a free slot, ends those that
 * have waited too long, and gives the others their place in the queue. Answers whether any left the queue. Never rejects:
 * a run that cannot be written delays none of those behind it.
 */
export const admitPending = async (
  deps: AdmissionDeps,
  clusterId: string,
  open: readonly LoadTestRun[],
): Promise<boolean> => {
  let changed = false;
  let waiting = 0;
  for (const run of open) {
    if (run.status !== "Pending" || run.locustClusterId !== clusterId) continue;
    try {
      const outcome = await admit(deps, run, open, waiting + 1);
      if (outcome === "waits") waiting += 1;
      else changed = true;
    } catch (error) {
      deps.log.error(
        { event: "admission_failed", runId: run.id, error: messageOf(error) },
        "The admission of a waiting run failed; the next pass tries again.",
      );
    }
  }
  return changed;
};

const admit = async (
  deps: AdmissionDeps,
  run: LoadTestRun,
  open: readonly LoadTestRun[],
  position: number,
): Promise<"left" | "waits"> => {
  const { writer, clock } = deps;
  const now = clock.now();
  const adapter = deps.clusters.get(run.locustClusterId);
  if (adapter === undefined) {
    const statusReason = clusterUnknown(run.locustClusterId);
    await writer.write(run, { status: "Failed", statusReason, finishedAt: now });
    return "left";
  }
  const expiresAt = run.createdAt + deps.limits.pendingTimeoutSeconds * 1000;
  if (now > expiresAt) {
    await writer.write(run, { status: "Stopped", statusReason: expired(), finishedAt: now });
    return "left";
  }
  const waits =
    position > 1
      ? queueReason(adapter.config, run, open, position, now)
      : await claimSlot(deps, run, adapter, open);
  if (waits === "claimed") return "left";
  const reason = { ...waits, expiresAt };
  if (differs(run.statusReason, reason)) await writer.write(run, { statusReason: reason });
  return "waits";
};

/** An expected start that moves by a few seconds is not worth a write. */
const differs = (stored: StatusReason | undefined, reason: StatusReason): boolean =>
  stored?.message !== reason.message ||
  stored.runId !== reason.runId ||
  stored.position !== reason.position ||
  stored.expiresAt !== reason.expiresAt ||
  Math.abs((stored.expectedStartAt ?? 0) - (reason.expectedStartAt ?? 0)) >
    POLICY.expectedStartMovedMs;

/** Takes a free slot, and only then writes Starting. A crash in between leaves a lease of a Pending run, which is free. */
const claimSlot = async (
  deps: AdmissionDeps,
  run: LoadTestRun,
  adapter: ClusterAdapter,
  open: readonly LoadTestRun[],
): Promise<"claimed" | StatusReason> => {
  const { ownership } = deps;
  const { id: clusterId, maxConcurrentRuns } = adapter.config;
  const working = open.filter((other) => other.locustClusterId === clusterId && holdsSlot(other));
  for (let slot = 0; slot < maxConcurrentRuns; slot += 1) {
    if (working.some((other) => (other.slot ?? 0) === slot)) continue;
    const cluster = await probeOf(adapter);
    if (cluster.busy !== undefined) return cluster.busy;
    const seen = await ownership.leaseOf(clusterId, slot);
    // `open` was read before: a run that was given the slot since then has it.
    if (seen?.runId !== undefined && (await hasSlot(deps, seen.runId))) continue;
    const wanted = { clusterId, slot, runId: run.id };
    const lease = await ownership.takeLease(wanted, seen, async () => cluster.fence);
    if (lease === undefined) continue;
    await deps.failpoint("claim.after");
    const started = await deps.writer.write(run, {
      status: "Starting",
      statusReason: null,
      slot,
      fence: lease.fence,
      ...(adapter.config.kind === "local" ? { hostId: ownership.hostId } : {}),
      startingAt: deps.clock.now(),
    });
    if (started === undefined) await ownership.returnLease(lease);
    return "claimed";
  }
  return queueReason(adapter.config, run, open, 1, deps.clock.now());
};

/** An attached Locust may be busy with load that was not started here. */
const probeOf = async (
  adapter: ClusterAdapter,
): Promise<{ readonly busy?: StatusReason; readonly fence?: number | undefined }> => {
  if (adapter.config.kind !== "attached") return {};
  const { state, message, fence, freeAt } = await adapter.probe();
  return state === "busy" || state === "unknown"
    ? { busy: clusterBusy(message, freeAt) }
    : { fence };
};

const hasSlot = async ({ runs }: Pick<AdmissionDeps, "runs">, runId: string): Promise<boolean> => {
  const run = await runs.get(runId);
  return run !== undefined && run.settledAt === undefined && holdsSlot(run);
};
