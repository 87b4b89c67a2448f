import { statfs } from "node:fs/promises";
import { ClusterAnswer } from "@load-manager/contract/api/cluster.ts";
import { Counter, type Registry } from "prom-client";
import type { ClusterState } from "../clusters/cluster-state.ts";
import type { Clock } from "../lib/clock.ts";
import type { Ownership } from "../runs/ownership/leases.ts";
import { addGauge } from "./registry.ts";

/** The state of each cluster, as this server saw it last. */
export const reportClusters = (
  registry: Registry,
  states: () => ReadonlyMap<string, ClusterState>,
): void => {
  addGauge(registry, {
    name: "load_manager_cluster_state",
    help: "The state of each cluster: 1 for the state that it is in, 0 for the others.",
    labelNames: ["cluster", "state"],
    collect() {
      // A reload may have removed a cluster.
      this.reset();
      for (const [cluster, now] of states()) {
        for (const state of ClusterAnswer.shape.state.options)
          this.set({ cluster, state }, state === now ? 1 : 0);
      }
    },
  });
};

/** `ageMs` is `undefined` where no other server can use the store, and before the first heartbeat. */
export const reportHeartbeat = (registry: Registry, ageMs: () => number | undefined): void => {
  addGauge(registry, {
    name: "load_manager_heartbeat_age_seconds",
    help: "The time since this server's last heartbeat in the store, on which its leases depend. Absent where only one server can use the store.",
    collect() {
      const age = ageMs();
      if (age === undefined) this.remove();
      else this.set(age / 1000);
    },
  });
};

/** How long this server has worked on each slot; nothing where the store does not answer. */
export const reportLeases = (
  registry: Registry,
  heldLeases: Ownership["heldLeases"],
  clock: Pick<Clock, "now">,
): void => {
  addGauge(registry, {
    name: "load_manager_lease_age_seconds",
    help: "How long this server has had the lease of each slot that works on a run.",
    labelNames: ["cluster", "slot"],
    async collect() {
      const held = await heldLeases().catch(() => []);
      this.reset();
      const now = clock.now();
      for (const { clusterId, slot, takenAt } of held)
        this.set({ cluster: clusterId, slot: String(slot) }, (now - takenAt) / 1000);
    },
  });
};

/** Returns what is to be called for each frame that a slow reader does not get. */
export const reportStreams = (registry: Registry, readers: () => number): (() => void) => {
  const registers = [registry];
  addGauge(registry, {
    name: "load_manager_stream_readers",
    help: "Connections that follow a run, or all that changes, live.",
    collect() {
      this.set(readers());
    },
  });
  const dropped = new Counter({
    name: "load_manager_stream_dropped_frames_total",
    help: "Frames of live streams that were left out because the reader was too slow.",
    registers,
  });
  return () => dropped.inc();
};

export const reportDisk = (registry: Registry, dataDir: string): void => {
  addGauge(registry, {
    name: "load_manager_data_dir_free_bytes",
    help: "Free space on the disk of the data folder (store.dataDir).",
    async collect() {
      const disk = await statfs(dataDir).catch(() => undefined);
      if (disk === undefined) this.remove();
      else this.set(disk.bavail * disk.bsize);
    },
  });
};
