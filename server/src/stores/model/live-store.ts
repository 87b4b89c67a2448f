import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";

/** The newest snapshot of a run's metrics, beside the run: it changes every few seconds, and is no edit of the run. */
export type LiveStore = {
  /** Keeps the newest snapshot; does nothing where the run is gone. */
  readonly set: (runId: string, live: MetricSnapshot) => Promise<void>;
  readonly get: (runIds: readonly string[]) => Promise<Map<string, MetricSnapshot>>;
};
