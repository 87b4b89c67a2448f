import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import type { Clusters } from "../../clusters/port.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { hasPlugin } from "../domain/master-instance.ts";
import { endOfCallback } from "../domain/outcomes.ts";
import { isTerminal } from "../domain/states.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import { refreshSummary } from "./receive-samples.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly runs: Pick<RunReader, "get">;
  readonly metrics: Pick<RunMetrics, "storeMetric">;
  readonly clock: Pick<Clock, "now">;
};

type StopDeps = Deps & Parameters<typeof refreshSummary>[0];

/** Locust reports the start of the load. The time is stored; only rising requests prove that the run is Running. */
export const handleTestStart = async (
  deps: Deps,
  run: LoadTestRun,
  actor: Actor,
): Promise<void> => {
  if (run.loadStartedAt !== undefined || isTerminal(run.status)) return;
  const now = deps.clock.now();
  await deps.writer.change(
    run.id,
    (current) =>
      current.loadStartedAt === undefined && !isTerminal(current.status)
        ? { loadStartedAt: now }
        : undefined,
    actor,
  );
};

/** When a snapshot was taken: as it says, if it can be. A time that cannot be true would stretch the run. */
const timeOf = (run: LoadTestRun, told: number | undefined, now: number): number => {
  if (told === undefined || told > now) return now;
  const begun = run.loadStartedAt ?? run.startSent?.at ?? run.startingAt ?? run.createdAt;
  return told < begun ? now : told;
};

/**
 * Stores a cumulative snapshot that a simple plugin has posted. `undefined` where it counts, else why it does not: a run has
 * the figures of one source, and two would count its requests twice.
 */
export const updateMetrics = async (
  deps: Deps,
  run: LoadTestRun,
  snapshot: SnapshotInput,
  /** `reporter`: the address that posted it. */
  from: { readonly reporter?: string; readonly final?: boolean } = {},
): Promise<string | undefined> => {
  if (hasPlugin(run)) return "The plugin sends the metrics of this run; these are not counted.";
  const at = timeOf(run, snapshot.timestamp, deps.clock.now());
  const counts = await deps.metrics.storeMetric(run, snapshot, { source: "json", at, ...from });
  return counts ? undefined : "The run has its metrics from elsewhere; these are not counted.";
};

/** Locust reports the end of the load: the duration was reached, or somebody stopped it there. `undefined` or a text as of `updateMetrics`. */
export const handleTestStop = async (
  deps: StopDeps,
  run: LoadTestRun,
  report: {
    readonly autoStopped?: boolean | undefined;
    readonly finalMetrics?: SnapshotInput | null | undefined;
    readonly reporter?: string;
  },
  actor: Actor,
): Promise<string | undefined> => {
  const { finalMetrics, reporter } = report;
  const from = { final: true, ...(reporter === undefined ? {} : { reporter }) };
  const ignored =
    finalMetrics == null ? undefined : await updateMetrics(deps, run, finalMetrics, from);
  const now = deps.clock.now();
  await deps.writer.change(
    run.id,
    (current) => {
      if (current.status !== "Starting" && current.status !== "Running") return undefined;
      const { endCause, reason } = endOfCallback(report.autoStopped === true);
      return {
        status: "Stopping",
        endCause,
        statusReason: reason,
        stoppingAt: now,
        loadEndedAt: now,
      };
    },
    actor,
  );
  // Final totals of a run that is settled already.
  if (finalMetrics != null && ignored === undefined) await refreshSummary(deps, run);
  return ignored;
};

type Finds = { readonly runs: Pick<RunReader, "get" | "unsettled">; readonly clusters: Clusters };

/** The only run whose load a plugin without its id can mean. Rejects with AppError validation. */
const onlyRun = async ({ runs, clusters }: Finds): Promise<LoadTestRun> => {
  const active = (await runs.unsettled()).filter(
    (run) =>
      (run.startSent !== undefined || run.trigger === "external") &&
      !isTerminal(run.status) &&
      !hasPlugin(run) &&
      clusters.of(run).config.kind === "attached",
  );
  const [run, another] = active;
  if (run !== undefined && another === undefined) return run;
  throw invalid(
    "runId",
    run === undefined
      ? "is missing, and no run is active on a cluster without the plugin; register it with POST /v1/internal/locust/register-external first"
      : `is missing, and ${active.length} runs are active on clusters without the plugin`,
  );
};

/**
 * The run of a callback. Rejects with AppError not-found, or gone where the run is being deleted; without an id with
 * validation where no run, or more than one, can be meant.
 */
export const runOfCallback = async (deps: Finds, id: string | undefined): Promise<LoadTestRun> => {
  if (id === undefined) return onlyRun(deps);
  const run = await deps.runs.get(id);
  if (run === undefined) {
    throw new AppError(
      "not-found",
      `There is no run with the id ${JSON.stringify(id)}; register it with POST /v1/internal/locust/register-external first.`,
    );
  }
  if (run.deletingAt !== undefined) {
    throw new AppError("gone", `The run ${id} is being deleted; its metrics are not accepted.`);
  }
  return run;
};
