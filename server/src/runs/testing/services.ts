import type { Clusters } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Failpoint, noFailpoints } from "../../lib/failpoints.ts";
import type { Ids } from "../../lib/ids.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { Stores } from "../../stores/ports.ts";
import { createRunWriter } from "../journal/run-writer.ts";
import { createOwnership } from "../ownership/leases.ts";
import type { Membership } from "../ownership/membership.ts";

export type Parts = {
  readonly stores: Stores;
  readonly membership: Membership;
  readonly clusters: Clusters;
  readonly metrics: RunMetrics;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly hostId: string;
  readonly failpoint?: Failpoint;
};

const LIMITS: {
  readonly maxDurationSeconds: number;
  readonly externalMaxDurationSeconds?: number;
  readonly pendingTimeoutSeconds: number;
  readonly metricsPollIntervalSeconds: number;
} = { maxDurationSeconds: 60, pendingTimeoutSeconds: 6000, metricsPollIntervalSeconds: 2 };

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Wires the services of runs as `app.ts` does, from parts that a test may replace. */
export const assemble = (parts: Parts) => {
  const { stores, membership, clusters, metrics, clock, ids, hostId } = parts;
  const failpoint = parts.failpoint ?? noFailpoints;
  const { runs, events, loadTests, revisions, leases } = stores;
  const writer = createRunWriter({ runs, events, clock, failpoint });
  const ownership = createOwnership({
    membership,
    leases,
    runs,
    events,
    writer,
    clusters,
    clock,
    hostId,
    sharedStore: stores.shared,
  });
  return {
    stores,
    writer,
    ownership,
    runs,
    events,
    loadTests,
    revisions,
    metricStore: stores.metrics,
    metrics,
    clusters,
    clock,
    ids,
    log: SILENT,
    limits: LIMITS,
    failpoint,
  };
};
export type Services = ReturnType<typeof assemble>;
