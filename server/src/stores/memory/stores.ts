import type { Stores } from "../ports.ts";
import { type Memory, memoryDump } from "./dump.ts";
import { memoryEvents } from "./events.ts";
import { memoryKeys } from "./keys.ts";
import { memoryLeases } from "./leases.ts";
import { memoryLoadTests } from "./load-tests.ts";
import { memoryMetrics } from "./metrics.ts";
import { memoryRevisions } from "./revisions.ts";
import { memoryRuns } from "./runs.ts";

/** Everything in this process's memory: gone with it. For tests and servers that are thrown away. */
export const createMemoryStores = (): Stores => {
  const memory: Memory = {
    loadTests: new Map(),
    revisions: new Map(),
    blobs: new Map(),
    runs: new Map(),
    live: new Map(),
    events: { byId: new Map(), lastArrival: 0 },
    leases: new Map(),
    keys: new Map(),
    metrics: new Map(),
  };
  return {
    kind: "memory",
    identity: "memory",
    shared: false,
    loadTests: memoryLoadTests(memory.loadTests),
    revisions: memoryRevisions(memory.revisions, memory.blobs),
    runs: memoryRuns(memory.runs, memory.live),
    events: memoryEvents(memory.events),
    leases: memoryLeases(memory.leases),
    metrics: memoryMetrics(memory.metrics),
    keys: memoryKeys(memory.keys),
    dump: memoryDump(memory),
    ping: async () => {},
    close: async () => {},
  };
};
