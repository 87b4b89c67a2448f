import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";
import type { LiveStore } from "../model/live-store.ts";
import { clone } from "../../lib/clone.ts";

export const memoryLive = (
  live: Map<string, MetricSnapshot>,
  hasRun: (runId: string) => boolean,
): LiveStore => ({
  set: async (runId, snapshot) => {
    const older = live.get(runId);
    if (!hasRun(runId) || (older !== undefined && older.timestamp > snapshot.timestamp)) return;
    live.set(runId, clone(snapshot));
  },
  get: async (runIds) =>
    new Map(
      runIds.flatMap((id) => {
        const snapshot = live.get(id);
        return snapshot === undefined ? [] : [[id, clone(snapshot)]];
      }),
    ),
});
