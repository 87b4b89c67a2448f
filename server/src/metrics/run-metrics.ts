import type { SnapshotInput, StopCause } from "@load-manager/contract/locust.ts";
import type { MetricSnapshot } from "@load-manager/contract/metrics.ts";
import type { LoadTestRun, RunSummary } from "@load-manager/contract/run.ts";
import type { RequestWindow } from "../runs/domain/auto-stop.ts";

/** Record numbers of one master instance that have not arrived, though later ones have; both ends included. */
export type SequenceGap = {
  readonly masterInstanceId: string;
  readonly fromSeq: number;
  readonly toSeq: number;
};

/** What the runs need of the metrics: facts for decisions, and the stats that an ended run keeps. */
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
  /** How many master instances (or pollers) have reported, whether each has handed in all it had, and why load ended. */
  readonly finals: (runId: string) => Promise<{
    readonly masterInstances: number;
    readonly complete: boolean;
    readonly stopCause?: StopCause | undefined;
  }>;
  readonly gaps: (runId: string) => Promise<readonly SequenceGap[]>;
  readonly snapshot: (run: LoadTestRun) => Promise<MetricSnapshot | undefined>;
  readonly summary: (run: LoadTestRun) => Promise<RunSummary>;
  /** Frees the memory of an ended run. */
  readonly forget: (runId: string) => void;
};
