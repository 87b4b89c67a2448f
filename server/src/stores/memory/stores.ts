import { storeDump } from "../dump.ts";
import type { Description } from "../model/description.ts";
import { LOAD_TEST_RUNS } from "../model/load-test-run.ts";
import { LOAD_TESTS } from "../model/load-test.ts";
import type { OpenedStores } from "../ports.ts";
import { assemble, descriptionsOf, type ExtraModel } from "../shared/assemble.ts";
import { memoryBlobs } from "./blobs.ts";
import { memoryCollection } from "./collection.ts";
import { type Memory, memoryDumps, memoryMark } from "./dump.ts";
import { memoryEvents } from "./events.ts";
import { memoryKeys } from "./keys.ts";
import { memoryLeases } from "./leases.ts";
import { memoryLive } from "./live.ts";
import { memoryMetrics } from "./metrics.ts";

/** Everything in this process's memory: gone with it. For tests and servers that are thrown away. */
export const createMemoryStores = (
  options: { readonly extra?: readonly ExtraModel[] } = {},
): OpenedStores => {
  const memory: Memory = {
    blobs: new Map(),
    live: new Map(),
    events: { byId: new Map(), lastArrival: 0 },
    leases: new Map(),
    keys: new Map(),
    metrics: new Map(),
  };
  const descriptions = descriptionsOf(options.extra);
  const described = new Map(descriptions.map(({ name }) => [name, new Map<string, object>()]));
  const all = new Map<string, Map<string, unknown>>([...described, ["run_live", memory.live]]);
  const make = <T extends object>(description: Description<T>) => {
    const dependents = (description.dependents ?? []).map((name) => {
      const records = all.get(name);
      if (records === undefined) throw new Error(`${description.name} has no dependent ${name}`);
      return records;
    });
    // Nobody else writes into the map of this name.
    const byKey = described.get(description.name) as Map<string, T>;
    return memoryCollection(description, byKey, dependents);
  };
  const hasRun = (id: string): boolean => described.get(LOAD_TEST_RUNS.name)?.has(id) === true;
  const { collection, ports, dumps } = assemble(descriptions, make, {
    blobs: memoryBlobs(memory.blobs),
    live: memoryLive(memory.live, hasRun),
  });
  return {
    kind: "memory",
    identity: "memory",
    shared: false,
    ...ports,
    collection,
    events: memoryEvents(memory.events),
    leases: memoryLeases(memory.leases),
    metrics: memoryMetrics(memory.metrics),
    keys: memoryKeys(memory.keys),
    dump: storeDump(dumps, memoryDumps(memory), memoryMark()),
    ping: async () => {},
    storageUse: async () => ({
      loadTests: described.get(LOAD_TESTS.name)?.size ?? 0,
      runs: described.get(LOAD_TEST_RUNS.name)?.size ?? 0,
      metricRecords: [...memory.metrics.values()].reduce(
        (sum, { records, rollups }) => sum + records.size + rollups.size,
        0,
      ),
    }),
    close: async () => {},
  };
};
