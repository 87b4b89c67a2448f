import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { RunStore } from "../ports.ts";
import { clone } from "../shared/clone.ts";
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
      byId.set(run.id, clone(run));
    },
    get: async (id) => clone(byId.get(id)),
    list: async (query, visible) => clone(listInMemory(byId.values(), listingOf(query, visible))),
    update: async (id, guard, patch) => {
      const stored = byId.get(id);
      const next = stored && updatedRun(stored, guard, patch);
      if (next === undefined) return undefined;
      byId.set(id, clone(next));
      return clone(next);
    },
    delete: async (id, version) => {
      if (byId.get(id)?.version !== version) return false;
      live.delete(id);
      return byId.delete(id);
    },
    unsettled: async () => clone(sorted((run) => run.settledAt === undefined)),
    findExternal: async (locustClusterId, externalKey) =>
      clone(
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
      live.set(runId, clone(snapshot));
    },
    getLive: async (runIds) =>
      new Map(
        runIds.flatMap((id) => {
          const snapshot = live.get(id);
          return snapshot === undefined ? [] : [[id, clone(snapshot)]];
        }),
      ),
  };
};
