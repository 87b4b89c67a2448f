import type { Clock } from "../lib/clock.ts";
import type { Ids } from "../lib/ids.ts";
import type { Log } from "../lib/log.ts";
import type { Stores } from "../stores/ports.ts";
import type { ClusterConfig } from "../clusters/select-cluster.ts";
import type { ScriptOutliner } from "../clusters/port.ts";
import type { MetricQueries } from "../metrics/query/queries.ts";
import type { RunWriter } from "../runs/journal/run-writer.ts";
import type { ScriptChecker } from "./check-script.ts";

export type LoadTestDeps = {
  readonly stores: Pick<Stores, "loadTests" | "scopeCounts" | "revisions" | "runs">;
  /** The clusters of the current configuration; in a verb, those that the caller may see. */
  readonly clusters: () => readonly ClusterConfig[];
  readonly clock: Clock;
  readonly ids: Ids;
  readonly checkScript: ScriptChecker;
  readonly writer: Pick<RunWriter, "change">;
  readonly queries: Pick<MetricQueries, "baselineFault">;
  readonly outline: ScriptOutliner;
  readonly log: Pick<Log, "info">;
};
