import type {
  Criterion,
  CriterionVerdict,
  LiveCriterion,
} from "@load-manager/contract/model/criterion.ts";
import type { MetricSnapshot, RunSummary } from "@load-manager/contract/model/stats.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { type Clock, expiryNow } from "../lib/clock.ts";
import type { RequestWindow } from "../runs/domain/criteria/auto-stop.ts";
import type { CriterionBreach } from "../runs/domain/observation.ts";
import type { Stores } from "../stores/ports.ts";
import { createIngest, type Ingested } from "./ingest/ingest.ts";
import { unstoredOf } from "./ingest/spool.ts";
import { createSnapshotIngest, type StoreSnapshot } from "./ingest/snapshot-ingest.ts";
import { createRunAggregateCache } from "./live/run-aggregate-cache.ts";
import {
  type Finals,
  finalsOf,
  recentWindow,
  type SequenceGap,
  sequenceGaps,
} from "./live/run-aggregate.ts";
import { toSnapshot } from "./live/snapshot.ts";
import { createSampleFollower, type SampleFollower } from "./query/follow.ts";
import { createQueries, type MetricQueries } from "./query/queries.ts";
import type { Retention } from "./rollups/compactor.ts";

/** The metrics of runs as `runs/` uses them: ingest, facts for decisions, and the stats that a run keeps. */
export type RunMetrics = {
  /** Stores a batch of the plugin. Rejects with AppError gone or validation. */
  readonly ingestBatch: (bytes: Uint8Array) => Promise<unknown>;
  /** Those of the plugin's batches that have a record which is not known to be stored, or cannot be read. */
  readonly unstored: (
    runId: string,
    batches: readonly Uint8Array[],
  ) => Promise<readonly Uint8Array[]>;
  /** Stores a cumulative snapshot; times in it in ms. False where it does not count beside what is there. */
  readonly storeMetric: StoreSnapshot;
  /** How many requests have arrived. */
  readonly requests: (runId: string) => Promise<number>;
  /** The last `seconds` seconds without the newest `lagSeconds`; `undefined` where some of them are compacted. */
  readonly window: (
    runId: string,
    seconds: number,
    lagSeconds: number,
  ) => Promise<RequestWindow | undefined>;
  /** How many master instances (or pollers) have reported, whether all their records are there, and why load ended. */
  readonly finals: (runId: string) => Promise<Finals>;
  /** Record numbers that have not arrived, though later ones have. */
  readonly gaps: (runId: string) => Promise<SequenceGap[]>;
  /** The cumulative totals, as Locust's own page shows them; `undefined` before the first record. */
  readonly snapshot: (run: LoadTestRun) => Promise<MetricSnapshot | undefined>;
  readonly summary: (run: LoadTestRun) => Promise<RunSummary>;
  /** The verdict of each criterion on a run that has ended. */
  readonly judgeCriteria: (
    run: LoadTestRun,
    criteria: readonly Criterion[],
  ) => Promise<CriterionVerdict[]>;
  /** How the criteria of a run stand while it lasts. */
  readonly liveCriteria: (run: LoadTestRun) => Promise<LiveCriterion[]>;
  /** The criterion with `abort` that ends a run now. */
  readonly criterionBreach: (run: LoadTestRun) => Promise<CriterionBreach | undefined>;
  /** Frees the memory of an ended run. */
  readonly forget: (runId: string) => void;
  /** Deletes all of them. May be repeated. */
  readonly deleteRun: (runId: string) => Promise<void>;
};

/** The same, with what HTTP and streams use besides. */
export type MetricsFacade = Omit<RunMetrics, "ingestBatch"> & {
  readonly ingestBatch: (bytes: Uint8Array) => Promise<Ingested>;
  readonly isGreeting: (bytes: Uint8Array) => boolean;
  readonly queries: MetricQueries;
  /** The samples as they arrive, for live streams. */
  readonly samples: SampleFollower;
};

const DAY_SECONDS = 86_400;

/** The one way into the metrics of runs. The compactor works on the store by itself. */
export const createRunMetrics = (deps: {
  readonly metrics: Stores["metrics"];
  readonly events: Stores["events"];
  readonly runs: Pick<Stores["runs"], "get" | "list">;
  /** Whether other servers write to the same store. */
  readonly shared: boolean;
  readonly clock: Clock;
  readonly retention: Retention;
}): MetricsFacade => {
  const { metrics, events, runs, shared, clock, retention } = deps;
  const aggregates = createRunAggregateCache(metrics, shared ? clock : undefined);
  const queries = createQueries({ metrics, aggregates, clock, runs });
  const { ingestBatch, isGreeting } = createIngest({
    metrics,
    events,
    runs,
    aggregates,
    oldestSecond: () => Math.floor(expiryNow(clock) / 1000) - retention.secondsDays * DAY_SECONDS,
  });
  return {
    ingestBatch,
    isGreeting,
    unstored: async (runId, batches) => unstoredOf(runId, await aggregates.get(runId), batches),
    storeMetric: createSnapshotIngest({ metrics, events, aggregates }),
    requests: async (runId) => (await aggregates.get(runId)).requests,
    window: async (runId, seconds, lagSeconds) =>
      recentWindow(await aggregates.get(runId), seconds, lagSeconds),
    finals: async (runId) => finalsOf(await aggregates.get(runId)),
    gaps: async (runId) => sequenceGaps(await aggregates.get(runId)),
    snapshot: async (run) => toSnapshot(await aggregates.get(run.id), clock.now()),
    summary: queries.summaryOfRun,
    judgeCriteria: queries.judgeCriteria,
    liveCriteria: queries.liveCriteria,
    criterionBreach: queries.criterionBreach,
    forget: (runId) => {
      aggregates.forget(runId);
      queries.forgetLive(runId);
    },
    deleteRun: async (runId) => {
      await metrics.deleteRun(runId);
      aggregates.forget(runId);
    },
    queries,
    samples: createSampleFollower(metrics, aggregates),
  };
};
