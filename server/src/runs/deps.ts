import type { SnapshotInput, StopCause } from "@load-manager/contract/locust.ts";
import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun, RunSummary } from "@load-manager/contract/run.ts";
import type { Clusters } from "../clusters/port.ts";
import type { Clock } from "../lib/clock.ts";
import type { Failpoint } from "../lib/failpoints.ts";
import type { Ids } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Stores } from "../stores/ports.ts";
import type { RequestWindow } from "./domain/auto-stop.ts";
import type { Gap } from "./controller/record-gaps.ts";
import type { Membership } from "./ownership/membership.ts";

/** What the runs need of the metrics: facts for decisions, and the figures that an ended run keeps. */
export type RunMetrics = {
  readonly ingestBatch: (bytes: Uint8Array) => Promise<unknown>;
  /** A cumulative snapshot; `final` where no other follows. */
  readonly storeMetric: (
    run: LoadTestRun,
    snapshot: SnapshotInput,
    how: { readonly source: "json" | "polled"; readonly at: number; readonly final?: boolean },
  ) => Promise<void>;
  readonly requests: (runId: string) => Promise<number>;
  /** The newest whole `seconds`, without the last `lagSeconds`; `undefined` where they are not known. */
  readonly window: (
    runId: string,
    seconds: number,
    lagSeconds: number,
  ) => Promise<RequestWindow | undefined>;
  /** How many master processes (or pollers) have reported, whether each has handed in all it had, and why load ended. */
  readonly finals: (runId: string) => Promise<{
    readonly masterInstances: number;
    readonly complete: boolean;
    readonly stopCause?: StopCause | undefined;
  }>;
  /** Record numbers that have not arrived, though later ones have. */
  readonly gaps: (runId: string) => Promise<Gap[]>;
  readonly snapshot: (run: LoadTestRun) => Promise<MetricSnapshot | undefined>;
  readonly summary: (run: LoadTestRun) => Promise<RunSummary>;
  /** Frees the memory of an ended run. */
  readonly forget: (runId: string) => void;
};

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
