import type { Clusters, ScriptOutliner } from "../clusters/port.ts";
import type { Clock } from "../lib/clock.ts";
import type { Failpoint } from "../lib/failpoints.ts";
import type { Ids } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import type { RunMetrics } from "../metrics/run-metrics.ts";
import type { RunReader } from "../stores/model/load-test-run.ts";
import type { Stores } from "../stores/ports.ts";
import { createRunWriter, type OnSettled, type OnStatus } from "./journal/run-writer.ts";
import { createOwnership } from "./ownership/leases.ts";
import type { Membership } from "./ownership/membership.ts";

/** The settings of runs. */
type RunLimits = {
  readonly maxDurationSeconds: number;
  readonly externalMaxDurationSeconds?: number | undefined;
  readonly pendingTimeoutSeconds: number;
  readonly metricsPollIntervalSeconds: number;
};

/** Makes the one writer of runs and the one owner of leases, and hands on what both are made of. */
export const createRunServices = <M extends RunMetrics>(parts: {
  readonly stores: Stores;
  readonly membership: Membership;
  readonly clusters: Clusters;
  readonly metrics: M;
  readonly outline: ScriptOutliner;
  readonly clock: Clock;
  readonly ids: Ids;
  /** This machine, in runs whose processes are on it. */
  readonly hostId: string;
  readonly limits: RunLimits;
  readonly failpoint: Failpoint;
  readonly log: Log;
  readonly onStatus: OnStatus;
  readonly onSettled: OnSettled;
}) => {
  const { stores, hostId, onStatus, onSettled, ...shared } = parts;
  const { membership, clusters, clock, failpoint, log } = shared;
  const { runs, events, loadTests, revisions, leases } = stores;
  const writer = createRunWriter({ runs, events, clock, failpoint, onStatus, onSettled });
  const ownership = createOwnership({
    membership,
    leases,
    runs,
    events,
    writer,
    clusters,
    clock,
    log,
    hostId,
    sharedStore: stores.shared,
  });
  return { ...shared, writer, ownership, runs: runs as RunReader, events, loadTests, revisions };
};
