import type { Clusters } from "../clusters/port.ts";
import type { Clock } from "../lib/clock.ts";
import type { Failpoint } from "../lib/failpoints.ts";
import type { Ids } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import type { RunMetrics } from "../metrics/run-metrics.ts";
import type { Stores } from "../stores/ports.ts";
import type { Membership } from "./ownership/membership.ts";

export type { RunMetrics };

export type RunLimits = {
  readonly maxDurationSeconds: number;
  /** Absent: external runs have no deadline. */
  readonly externalMaxDurationSeconds?: number | undefined;
  readonly pendingTimeoutSeconds: number;
  readonly metricsPollIntervalSeconds: number;
};

export type RunDeps = {
  readonly stores: Stores;
  readonly clusters: Clusters;
  readonly figures: RunMetrics;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly membership: Membership;
  /** This machine, as runs of local clusters name it. */
  readonly hostId: string;
  readonly limits: RunLimits;
  readonly failpoint: Failpoint;
};
