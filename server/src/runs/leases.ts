import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { Hold } from "../clusters/port.ts";
import { recordEvent } from "./events.ts";
import type { RunDeps } from "./deps.ts";

/** What the loop writes to a run carries the server as its author. */
export const SYSTEM = "load-manager";

/**
 * Makes this server the holder of the run's slot and returns the hold, or `undefined` where the run has changed meanwhile.
 * A store that one server holds alone has no other living holder: a lease of another id is of a server that is gone.
 * An external run whose slot somebody else works on goes on without a fence.
 */
export const holdRun = async (deps: RunDeps, run: LoadTestRun): Promise<Hold | undefined> => {
  const { leases, runs, events } = deps.stores;
  const slot = run.slot ?? 0;
  const lease = await leases.get(run.locustClusterId, slot);
  if (lease !== undefined && lease.holder === deps.holder) {
    if (lease.runId === run.id && lease.fence === run.fence) return { run, fence: run.fence };
    if (lease.runId !== undefined && lease.runId !== run.id && (await isOpen(deps, lease.runId))) {
      return { run, fence: run.fence };
    }
  }
  const claimed = await leases.claim(
    { clusterId: run.locustClusterId, slot, holder: deps.holder, runId: run.id },
    lease?.fence,
  );
  if (claimed === undefined) return undefined;
  const now = deps.clock.now();
  const held = await runs.update(
    run.id,
    { version: run.version },
    { fence: claimed.fence, slot, updatedAt: now, updatedBy: SYSTEM },
  );
  if (held === undefined) return undefined;
  if (run.fence > 0) {
    await recordEvent(events, run.id, {
      id: `adopted:${claimed.fence}`,
      at: now,
      type: "adopted",
      message: "The server was started again and has taken over this run.",
    });
  }
  return { run: held, fence: claimed.fence };
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
