import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Hold } from "../../clusters/port.ts";
import type { Lease } from "../../stores/lease-store.ts";
import { recordEvent } from "../journal/events.ts";
import type { RunDeps } from "../deps.ts";

/** What the loop writes to a run carries the server as its author. */
export const SYSTEM = "load-manager";

/** Whether this server may take a slot: nobody works on it, or who does is gone. */
export const isFree = async (deps: RunDeps, lease: Lease | undefined): Promise<boolean> =>
  lease === undefined ||
  lease.runId === undefined ||
  lease.holder === deps.membership.holder ||
  (await deps.membership.isGone(lease.holder));

/**
 * A run of a local cluster belongs to the machine it was started on: nobody else reaches its processes. Where one server
 * alone has the store it has the folder too.
 */
export const isElsewhere = (deps: RunDeps, run: LoadTestRun): boolean =>
  deps.stores.shared && run.hostId !== undefined && run.hostId !== deps.hostId;

/**
 * Makes this server the holder of the run's slot and returns the hold, or `undefined` where another living server
 * holds it, or the run has changed meanwhile, or this server has stood down.
 * An external run whose slot this server works on for another run goes on without a fence.
 */
export const holdRun = async (deps: RunDeps, run: LoadTestRun): Promise<Hold | undefined> => {
  const { leases, runs, events } = deps.stores;
  const { holder } = deps.membership;
  const slot = run.slot ?? 0;
  if (deps.membership.term() === undefined) return undefined;
  const lease = await leases.get(run.locustClusterId, slot);
  if (lease !== undefined && lease.holder === holder) {
    if (lease.runId === run.id && lease.fence === run.fence) return { run, fence: run.fence };
    if (lease.runId !== undefined && lease.runId !== run.id && (await isOpen(deps, lease.runId))) {
      return { run, fence: run.fence };
    }
  }
  if (!(await isFree(deps, lease))) return undefined;
  const claimed = await leases.claim(
    {
      clusterId: run.locustClusterId,
      slot,
      holder,
      runId: run.id,
      aboveFence: await fenceThere(deps, run),
    },
    lease?.fence,
  );
  if (claimed === undefined) return undefined;
  const now = deps.clock.now();
  const held = await runs.update(
    run.id,
    { version: run.version },
    { fence: claimed.fence, slot, updatedAt: now, updatedBy: SYSTEM },
  );
  if (held === undefined) {
    // It has changed since it was read, perhaps ended: the slot is not to be kept for it.
    await leases.release(claimed.clusterId, slot, holder, claimed.fence);
    return undefined;
  }
  if (run.fence > 0) {
    await recordEvent(events, run.id, {
      id: `adopted:${claimed.fence}`,
      at: now,
      type: "adopted",
      message:
        "This run has been taken over: the server that queried after it was stopped, or is not heard of.",
      data: { holder, fence: claimed.fence },
    });
  }
  return { run: held, fence: claimed.fence };
};

/**
 * What Locust has followed while it works on this very run: more than a store knows that was restored, or is new. Where
 * it does not know the run, it may have ended it long ago: the fence is then all that keeps a second start out.
 */
const fenceThere = async (deps: RunDeps, run: LoadTestRun): Promise<number | undefined> => {
  const seen = await deps.clusters.of(run).observe(run);
  return seen.kind === "load" ? seen.load.fence : undefined;
};

const isOpen = async (deps: RunDeps, runId: string): Promise<boolean> => {
  const other = await deps.stores.runs.get(runId);
  return other !== undefined && other.settledAt === undefined;
};

export const releaseRun = async (deps: RunDeps, run: LoadTestRun): Promise<void> => {
  const lease = await deps.stores.leases.get(run.locustClusterId, run.slot ?? 0);
  if (lease === undefined || lease.runId !== run.id) return;
  await deps.stores.leases.release(lease.clusterId, lease.slot, lease.holder, lease.fence);
};
