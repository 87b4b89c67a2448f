import type { SnapshotInput } from "@load-manager/contract/plugin/callbacks.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { AppError } from "../../lib/errors.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { endOfCallback } from "../domain/outcomes.ts";
import { POLICY } from "../domain/policy.ts";
import { isTerminal } from "../domain/states.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import { LOCUST } from "./external-runs.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly runs: Pick<RunReader, "get">;
  readonly metrics: Pick<RunMetrics, "storeMetric" | "requests">;
  readonly clock: Pick<Clock, "now">;
};

/** Locust reports the start of the load. The time is stored; only rising requests prove that the run is Running. */
export const handleTestStart = async (deps: Deps, run: LoadTestRun): Promise<void> => {
  if (run.loadStartedAt !== undefined || isTerminal(run.status)) return;
  const now = deps.clock.now();
  await deps.writer.change(
    run.id,
    (current) =>
      current.loadStartedAt === undefined && !isTerminal(current.status)
        ? { loadStartedAt: now }
        : undefined,
    LOCUST,
  );
};

/** Stores a cumulative snapshot that a simple plugin has posted. */
export const updateMetrics = async (
  deps: Deps,
  run: LoadTestRun,
  snapshot: SnapshotInput,
  final = false,
): Promise<void> => {
  const now = deps.clock.now();
  const told = snapshot.timestamp ?? now;
  // Snapshots cover the time between them: years, from a clock that is wrong, are more than any query can read.
  const at = Math.abs(told - now) <= POLICY.snapshotClockMs ? told : now;
  await deps.metrics.storeMetric(run, snapshot, { source: "json", at, final });
};

/** Locust reports the end of the load: the duration was reached, or somebody stopped it there. */
export const handleTestStop = async (
  deps: Deps,
  run: LoadTestRun,
  report: {
    readonly autoStopped?: boolean | undefined;
    readonly finalMetrics?: SnapshotInput | null | undefined;
  },
): Promise<void> => {
  if (report.finalMetrics != null) await updateMetrics(deps, run, report.finalMetrics, true);
  const now = deps.clock.now();
  const requests = await deps.metrics.requests(run.id);
  await deps.writer.change(
    run.id,
    (current) => {
      if (current.status !== "Starting" && current.status !== "Running") return undefined;
      const { endCause, reason } = endOfCallback(current, report.autoStopped === true, requests);
      return {
        status: "Stopping",
        endCause,
        statusReason: reason,
        stoppingAt: now,
        loadEndedAt: now,
      };
    },
    LOCUST,
  );
};

/** The run that a callback names. Rejects with AppError not-found, or gone where the run is being deleted. */
export const runOfCallback = async (deps: Pick<Deps, "runs">, id: string): Promise<LoadTestRun> => {
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
