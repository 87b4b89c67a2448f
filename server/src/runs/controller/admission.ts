import type { LoadTestRun, StatusReason } from "@load-manager/contract/run.ts";
import type { ClusterAdapter } from "../../clusters/port.ts";
import { deadlineOf } from "../domain/deadline.ts";
import { messageOf } from "../../lib/errors.ts";
import type { RunDeps } from "../deps.ts";
import { recordOwnStatus, recordStatus } from "../journal/events.ts";
import { isFree, SYSTEM } from "../ownership/leases.ts";
import { holdsSlot } from "../domain/states.ts";

type Patch = Parameters<RunDeps["stores"]["runs"]["update"]>[2];

/** The clusters that runs wait for. */
export const awaitedClusters = (open: readonly LoadTestRun[]): Set<string> =>
  new Set(open.filter(({ status }) => status === "Pending").map((run) => run.locustClusterId));

/**
 * Looks once at every run that waits for this cluster, oldest first: starts those that have a free slot, ends those that
 * have waited too long, and tells the others who is before them. Answers whether any has changed.
 * Never rejects: a run that cannot be written keeps none of those behind it waiting.
 */
export const admitPending = async (
  deps: RunDeps,
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
        { runId: run.id, error: messageOf(error) },
        "the look at a waiting run failed; the next one follows",
      );
    }
  }
  return changed;
};

const write = async (
  deps: RunDeps,
  run: LoadTestRun,
  patch: Patch,
): Promise<LoadTestRun | undefined> => {
  const now = deps.clock.now();
  const leaves = patch.status !== undefined;
  if (leaves) await recordOwnStatus(deps.stores.events, run);
  const next = await deps.stores.runs.update(
    run.id,
    { version: run.version },
    { ...patch, updatedAt: now, updatedBy: SYSTEM },
  );
  if (next !== undefined && leaves) await recordStatus(deps.stores.events, next, run.status);
  return next;
};

const admit = async (
  deps: RunDeps,
  run: LoadTestRun,
  open: readonly LoadTestRun[],
  position: number,
): Promise<"changed" | "waits"> => {
  const now = deps.clock.now();
  const adapter = deps.clusters.get(run.locustClusterId);
  if (adapter === undefined) {
    const reason = {
      code: "cluster_unknown",
      message: `The cluster ${run.locustClusterId} is no longer configured.`,
    };
    await write(deps, run, { status: "Failed", statusReason: reason, finishedAt: now });
    return "changed";
  }
  if (now - run.createdAt > deps.limits.pendingTimeoutSeconds * 1000) {
    const reason = { code: "expired", message: "It has waited for its cluster for too long." };
    await write(deps, run, { status: "Stopped", statusReason: reason, finishedAt: now });
    return "changed";
  }
  const busy =
    position > 1
      ? holderReason(adapter, run, open, position, now)
      : await claim(deps, run, adapter, open);
  if (busy === "claimed") return "changed";
  const told = run.statusReason;
  const moved = Math.abs((told?.expectedStartAt ?? 0) - (busy.expectedStartAt ?? 0)) > 5000;
  const other = told?.message !== busy.message || told.runId !== busy.runId;
  if (other || moved || told.position !== busy.position) {
    await write(deps, run, { statusReason: busy });
  }
  return "waits";
};

/** Claims a free slot, and only then writes Starting; a crash in between leaves a lease of a Pending run, which is free. */
const claim = async (
  deps: RunDeps,
  run: LoadTestRun,
  adapter: ClusterAdapter,
  open: readonly LoadTestRun[],
): Promise<"claimed" | StatusReason> => {
  const { id: clusterId, maxConcurrentRuns } = adapter.config;
  const working = open.filter((other) => other.locustClusterId === clusterId && holdsSlot(other));
  for (let slot = 0; slot < maxConcurrentRuns; slot += 1) {
    if (working.some((other) => (other.slot ?? 0) === slot)) continue;
    let aboveFence: number | undefined;
    if (adapter.config.kind === "attached") {
      const probe = await adapter.probe();
      if (probe.state === "busy" || probe.state === "unknown") {
        return { code: "cluster_busy", message: probe.message ?? "Locust is busy.", position: 1 };
      }
      aboveFence = probe.fence;
    }
    const seen = await deps.stores.leases.get(clusterId, slot);
    if (deps.membership.term() === undefined || !(await isFree(deps, seen))) continue;
    // `open` was read before: a run that was given the slot since then has it.
    if (seen?.runId !== undefined && (await hasSlot(deps, seen.runId))) continue;
    const { holder } = deps.membership;
    const lease = await deps.stores.leases.claim(
      { clusterId, slot, holder, runId: run.id, aboveFence },
      seen?.fence,
    );
    if (lease === undefined) continue;
    await deps.failpoint("claim.after");
    const started = await write(deps, run, {
      status: "Starting",
      statusReason: null,
      slot,
      fence: lease.fence,
      ...(adapter.config.kind === "local" ? { hostId: deps.hostId } : {}),
      startingAt: deps.clock.now(),
    });
    await deps.failpoint("Starting.after");
    if (started === undefined)
      await deps.stores.leases.release(clusterId, slot, holder, lease.fence);
    return "claimed";
  }
  return holderReason(adapter, run, open, 1, deps.clock.now());
};

const hasSlot = async (deps: RunDeps, runId: string): Promise<boolean> => {
  const run = await deps.stores.runs.get(runId);
  return run !== undefined && run.settledAt === undefined && holdsSlot(run);
};

/** Each waiting run takes the slot that is free first; absent where some run before it has no end. */
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

const ofSameProject = (one: LoadTestRun, other: LoadTestRun): boolean =>
  (["accountId", "orgId", "projectId"] as const).every((level) => one[level] === other[level]);

/** A cluster may serve several tenants: whose run has it is told within its project only. */
const holderReason = (
  { config: { id, maxConcurrentRuns } }: ClusterAdapter,
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
  const holder = holders.find((run) => ofSameProject(run, waiting));
  const busy =
    holder !== undefined
      ? `busy with the run "${holder.name}"`
      : holders.length === 0
        ? "busy"
        : "busy with a run of another project";
  return {
    code: "cluster_busy",
    message: `The cluster ${id} is ${busy}.`,
    position,
    ...(holder === undefined ? {} : { runId: holder.id }),
    ...(expectedStartAt === undefined ? {} : { expectedStartAt }),
  };
};
