import { EVENTS } from "@load-manager/contract/model/reasons.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clusters, Hold } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Log } from "../../lib/log.ts";
import type { Lease, LeaseStore } from "../../stores/model/lease-store.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { recordEvent } from "../journal/events.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import type { Membership } from "./membership.ts";

type Deps = {
  readonly membership: Membership;
  readonly leases: LeaseStore;
  readonly runs: Pick<RunReader, "get">;
  readonly events: RunEventStore;
  readonly writer: RunWriter;
  readonly clusters: Clusters;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** The name of this machine in runs of local clusters. */
  readonly hostId: string;
  /** Whether other servers may use the same store. */
  readonly sharedStore: boolean;
};

/** Which slots this server has leased, and thereby which runs it manages. */
export type Ownership = Pick<Membership, "holder" | "isGone" | "term"> & {
  readonly hostId: string;
  readonly sharedStore: boolean;
  /**
   * Takes a slot for a run, where its lease still is `seen`. `aboveFence`: the fence that the cluster has accepted
   * already, perhaps from another store's server; asked only where the slot is free. `undefined` where a living server
   * manages the slot, somebody was first, or this server has stood down.
   */
  readonly takeLease: (
    slot: { readonly clusterId: string; readonly slot: number; readonly runId: string },
    seen: Lease | undefined,
    aboveFence: () => Promise<number | undefined>,
  ) => Promise<Lease | undefined>;
  /** Gives a lease back that this server has just taken. */
  readonly returnLease: (lease: Lease) => Promise<void>;
  /**
   * Makes this server the holder of the lease of the run's slot. `undefined` where another living server manages it,
   * the run has changed meanwhile, or this server has stood down. An external run whose slot has another run of this
   * server is managed without a lease.
   */
  readonly holdRun: (run: LoadTestRun) => Promise<Hold | undefined>;
  /** Frees the slot that works on this run. */
  readonly releaseRun: (run: LoadTestRun) => Promise<void>;
  /** The leases of this server that work on a run, and when it took each (Unix ms). */
  readonly heldLeases: () => Promise<(Lease & { readonly takenAt: number })[]>;
  readonly leaseOf: (clusterId: string, slot: number) => Promise<Lease | undefined>;
  /** Whether the run's processes are on another machine: only in a store that several servers share. */
  readonly isRemote: (run: LoadTestRun) => boolean;
};

const isOpen = async ({ runs }: Pick<Deps, "runs">, runId: string): Promise<boolean> => {
  const run = await runs.get(runId);
  return run !== undefined && run.settledAt === undefined;
};

/**
 * The fence that the cluster has accepted for this very run. It can be above the store's, where that is new or was
 * restored. A cluster that does not know the run may have ended it long ago, so then its fence does not count: an
 * older one keeps a second start out.
 */
const fenceAtCluster = async (
  { clusters }: Pick<Deps, "clusters">,
  run: LoadTestRun,
): Promise<number | undefined> => {
  const seen = await clusters.of(run).observe(run);
  return seen.kind === "load" ? seen.load.fence : undefined;
};

const recordAdoption = async (
  { events, clock, log, membership }: Pick<Deps, "events" | "clock" | "log" | "membership">,
  run: LoadTestRun,
  fence: number,
): Promise<void> => {
  const { holder } = membership;
  log.info(
    { event: "run_adopted", runId: run.id, clusterId: run.locustClusterId, holder, fence },
    "This server took a run over from another one.",
  );
  await recordEvent(events, run.id, {
    id: `adopted:${fence}`,
    at: clock.now(),
    type: "adopted",
    message: EVENTS.adopted,
    data: { holder, fence },
  });
};

const nameOf = ({ clusterId, slot }: Pick<Lease, "clusterId" | "slot">): string =>
  `${clusterId} ${slot}`;

export const createOwnership = (deps: Deps): Ownership => {
  const { leases, writer, hostId, sharedStore, clock } = deps;
  const { holder, isGone, term } = deps.membership;
  /** When this server took each slot last. */
  const taken = new Map<string, { readonly fence: number; readonly at: number }>();

  const isFree = async (lease: Lease | undefined): Promise<boolean> =>
    lease === undefined ||
    lease.runId === undefined ||
    lease.holder === holder ||
    (await isGone(lease.holder));

  const takeLease: Ownership["takeLease"] = async (slot, seen, aboveFence) => {
    if (term() === undefined || !(await isFree(seen))) return undefined;
    const wanted = { ...slot, holder, aboveFence: await aboveFence() };
    const lease = await leases.claim(wanted, seen?.fence);
    if (lease !== undefined) taken.set(nameOf(lease), { fence: lease.fence, at: clock.now() });
    return lease;
  };

  const heldLeases: Ownership["heldLeases"] = async () =>
    (await leases.list()).flatMap((lease) => {
      const mine = taken.get(nameOf(lease));
      const isHeld = lease.holder === holder && lease.runId !== undefined;
      return isHeld && mine?.fence === lease.fence ? [{ ...lease, takenAt: mine.at }] : [];
    });

  const returnLease = async ({ clusterId, slot, fence }: Lease): Promise<void> => {
    await leases.release(clusterId, slot, holder, fence);
  };

  const leaseOfRun = (run: LoadTestRun): Promise<Lease | undefined> =>
    leases.get(run.locustClusterId, run.slot ?? 0);

  const holdRun: Ownership["holdRun"] = async (run) => {
    if (term() === undefined) return undefined;
    const lease = await leaseOfRun(run);
    if (lease !== undefined && lease.holder === holder) {
      if (lease.runId === run.id && lease.fence === run.fence) return { run, fence: run.fence };
      if (
        lease.runId !== undefined &&
        lease.runId !== run.id &&
        (await isOpen(deps, lease.runId))
      ) {
        return { run, fence: run.fence };
      }
    }
    const slot = run.slot ?? 0;
    const wanted = { clusterId: run.locustClusterId, slot, runId: run.id };
    const fresh = await takeLease(wanted, lease, () => fenceAtCluster(deps, run));
    if (fresh === undefined) return undefined;
    const held = await writer.write(run, { fence: fresh.fence, slot });
    if (held === undefined) {
      // The run has changed since it was read, and has perhaps ended: it needs no slot.
      await returnLease(fresh);
      return undefined;
    }
    if (run.fence > 0) await recordAdoption(deps, run, fresh.fence);
    return { run: held, fence: fresh.fence };
  };

  return {
    holder,
    isGone,
    term,
    hostId,
    sharedStore,
    takeLease,
    returnLease,
    holdRun,
    heldLeases,
    leaseOf: leases.get,
    releaseRun: async (run) => {
      const lease = await leaseOfRun(run);
      if (lease === undefined || lease.runId !== run.id) return;
      await leases.release(lease.clusterId, lease.slot, lease.holder, lease.fence);
    },
    isRemote: (run) => sharedStore && run.hostId !== undefined && run.hostId !== hostId,
  };
};
