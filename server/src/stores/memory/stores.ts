import type { Stores } from "../ports.ts";
import { memoryEvents } from "./events.ts";
import { memoryKeys } from "./keys.ts";
import { memoryLeases } from "./leases.ts";
import { memoryLoadTests } from "./load-tests.ts";
import { memoryMetrics } from "./metrics.ts";
import { memoryRevisions } from "./revisions.ts";
import { memoryRuns } from "./runs.ts";

/** Everything in this process's memory: gone with it. For tests and servers that are thrown away. */
export const createMemoryStores = (): Stores => ({
  kind: "memory",
  shared: false,
  loadTests: memoryLoadTests(),
  revisions: memoryRevisions(),
  runs: memoryRuns(),
  events: memoryEvents(),
  leases: memoryLeases(),
  metrics: memoryMetrics(),
  keys: memoryKeys(),
  ping: async () => {},
  close: async () => {},
});
