import type { Lease, LeaseStore } from "../model/lease-store.ts";
import { clone } from "../../lib/clone.ts";
import { nextFence } from "../shared/fence.ts";
import { compareText } from "../../lib/text.ts";

export const leaseKey = (clusterId: string, slot: number): string => `${slot} ${clusterId}`;

export const memoryLeases = (bySlot: Map<string, Lease>): LeaseStore => {
  const counts = new Map<string, number>();
  const key = leaseKey;
  return {
    get: async (clusterId, slot) => clone(bySlot.get(key(clusterId, slot))),
    list: async () =>
      clone(
        [...bySlot.values()].toSorted(
          (a, b) => compareText(a.clusterId, b.clusterId) || a.slot - b.slot,
        ),
      ),
    claim: async ({ clusterId, slot, holder, runId, aboveFence }, seenFence) => {
      if (bySlot.get(key(clusterId, slot))?.fence !== seenFence) return undefined;
      const fence = nextFence(seenFence, aboveFence);
      const lease = { clusterId, slot, holder, fence, ...(runId === undefined ? {} : { runId }) };
      bySlot.set(key(clusterId, slot), lease);
      return clone(lease);
    },
    release: async (clusterId, slot, holder, fence) => {
      const stored = bySlot.get(key(clusterId, slot));
      if (stored === undefined || stored.holder !== holder || stored.fence !== fence) return false;
      bySlot.set(key(clusterId, slot), { clusterId, slot, holder, fence });
      return true;
    },
    beat: async (holder, count) => {
      counts.set(holder, Math.max(count, counts.get(holder) ?? count));
    },
    heartbeats: async () => new Map(counts),
    leave: async (holder) => {
      counts.delete(holder);
    },
  };
};
