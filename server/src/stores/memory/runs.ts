import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { RunStore } from "../ports.ts";
import { copyOf } from "../shared/clone.ts";
import { taken, updatedRun } from "../shared/apply-patch.ts";
import { listingOf, listInMemory } from "../shared/listing.ts";
import { compareText } from "../shared/text.ts";

const oldestFirst = (a: LoadTestRun, b: LoadTestRun): number =>
  a.createdAt - b.createdAt || compareText(a.id, b.id);

export const memoryRuns = (
  byId: Map<string, LoadTestRun>,
  live: Map<string, MetricSnapshot>,
): RunStore => {
  const sorted = (holds: (run: LoadTestRun) => boolean) =>
    [...byId.values()].filter(holds).toSorted(oldestFirst);
  return {
    create: async (run) => {
      if (byId.has(run.id)) throw taken("run", run.id);
      byId.set(run.id, copyOf(run));
    },
    get: async (id) => copyOf(byId.get(id)),
    list: async (query, visible) => copyOf(listInMemory(byId.values(), listingOf(query, visible))),
    update: async (id, guard, patch) => {
      const stored = byId.get(id);
      const next = stored && updatedRun(stored, guard, patch);
      if (next === undefined) return undefined;
      byId.set(id, copyOf(next));
      return copyOf(next);
    },
    delete: async (id, version) => {
      if (byId.get(id)?.version !== version) return false;
      live.delete(id);
      return byId.delete(id);
    },
    unsettled: async () => copyOf(sorted((run) => run.settledAt === undefined)),
    findExternal: async (locustClusterId, externalKey) =>
      copyOf(
        sorted(
          (run) => run.locustClusterId === locustClusterId && run.externalKey === externalKey,
        ).at(-1),
      ),
    kept: async () => sorted((run) => run.keep).map(({ id }) => id),
    count: async (loadTestId, statuses) =>
      sorted((run) => run.loadTestId === loadTestId && statuses.includes(run.status)).length,
    setLive: async (runId, snapshot) => {
      const older = live.get(runId);
      if (!byId.has(runId) || (older !== undefined && older.timestamp > snapshot.timestamp)) return;
      live.set(runId, copyOf(snapshot));
    },
    getLive: async (runIds) =>
      new Map(
        runIds.flatMap((id) => {
          const snapshot = live.get(id);
          return snapshot === undefined ? [] : [[id, copyOf(snapshot)]];
        }),
      ),
  };
};
