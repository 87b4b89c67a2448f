import type { LoadTest } from "@load-manager/contract/load-test.ts";
import type { LoadTestStore } from "../ports.ts";
import { clone } from "../shared/clone.ts";
import { editedLoadTest, taken, withRecentRuns } from "../shared/apply-patch.ts";
import { listingOf, listInMemory } from "../shared/listing.ts";

export const memoryLoadTests = (byId: Map<string, LoadTest>): LoadTestStore => {
  const put = (loadTest: LoadTest) => {
    byId.set(loadTest.id, clone(loadTest));
  };
  return {
    create: async (loadTest) => {
      if (byId.has(loadTest.id)) throw taken("load test", loadTest.id);
      put(loadTest);
    },
    get: async (id) => clone(byId.get(id)),
    list: async (query, visible) => clone(listInMemory(byId.values(), listingOf(query, visible))),
    update: async (id, version, patch) => {
      const stored = byId.get(id);
      const next = stored && editedLoadTest(stored, version, patch);
      if (next === undefined) return undefined;
      put(next);
      return clone(next);
    },
    delete: async (id, version) => byId.get(id)?.version === version && byId.delete(id),
    nextRunNumber: async (id, at) => {
      const stored = byId.get(id);
      if (stored === undefined) return undefined;
      const lastRunNumber = stored.lastRunNumber + 1;
      put({ ...stored, lastRunNumber, lastRunAt: at });
      return lastRunNumber;
    },
    setRecentRuns: async (id, recentRunsVersion, recentRuns, updatedAt) => {
      const stored = byId.get(id);
      const next = stored && withRecentRuns(stored, recentRunsVersion, recentRuns, updatedAt);
      if (next === undefined) return false;
      put(next);
      return true;
    },
  };
};
