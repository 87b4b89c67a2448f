import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { messageOf } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { SAME_ERROR_MS } from "../../lib/periodic.ts";
import type { RunMetrics } from "../../metrics/run-metrics.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import type { Facts } from "../domain/actions.ts";
import { autoStopEvidence } from "../domain/criteria/auto-stop.ts";
import { isBelowTarget } from "../domain/below-target.ts";
import { capabilitiesOf } from "../domain/capabilities.ts";
import { masterInstanceOf } from "../domain/master-instance.ts";
import type {
  AutoStopEvidence,
  CriterionBreach,
  LoadState,
  Observation,
} from "../domain/observation.ts";
import { POLICY } from "../domain/policy.ts";
import { nextProgress, type Progress } from "../domain/stall.ts";
import { type OpenGaps, recordGaps } from "./record-gaps.ts";

/** What one server remembers of a run between two passes. Times are monotonic ms. */
export type FactsMemory = {
  watchedSince?: number;
  /** When packages of the script were last seen being installed. */
  preparingAt?: number;
  unreachableSince?: number | undefined;
  endSeenSince?: number | undefined;
  loadEndSeen?: boolean;
  stopSentAt?: number | undefined;
  firstStopAt?: number | undefined;
  liveWrittenAt?: number | undefined;
  polledAt?: number | undefined;
  requests?: number | undefined;
  progress?: Progress | undefined;
  belowTargetSince?: number | undefined;
  /** The requests of the run when another master instance than its own was first seen. */
  requestsAtOther?: number;
  openGaps?: OpenGaps;
  /** When a metrics error was last logged. */
  errorLoggedAt?: number;
};

type Deps = {
  readonly runs: Pick<RunReader, "setLive">;
  readonly events: RunEventStore;
  readonly metrics: RunMetrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: { readonly metricsPollIntervalSeconds: number };
};

const storePolled = async (
  deps: Deps,
  run: LoadTestRun,
  seen: Observation,
  memory: FactsMemory,
): Promise<void> => {
  if (seen.kind !== "load" || seen.load.polledSnapshot === undefined) return;
  const now = deps.clock.monotonic();
  // The last totals are wanted, whatever the interval.
  const isEnding = run.status === "Stopping" || seen.load.phase === "ended";
  const interval = isEnding ? 0 : deps.limits.metricsPollIntervalSeconds * 1000;
  if (memory.polledAt !== undefined && now - memory.polledAt < interval - POLICY.tickMs / 2) return;
  await deps.metrics.storeMetric(run, seen.load.polledSnapshot, {
    source: "polled",
    at: deps.clock.now(),
    ...(seen.load.polledWorkers === undefined ? {} : { workers: seen.load.polledWorkers }),
  });
  memory.polledAt = now;
};

const writeLive = async (deps: Deps, run: LoadTestRun, memory: FactsMemory): Promise<void> => {
  const now = deps.clock.monotonic();
  if (memory.liveWrittenAt !== undefined && now - memory.liveWrittenAt < POLICY.liveMs) return;
  memory.liveWrittenAt = now;
  const live = await deps.metrics.snapshot(run);
  if (live !== undefined) await deps.runs.setLive(run.id, live);
};

/** Why auto-stop ends the run now. A cluster that stops by itself acts first, so the server's window lags behind. */
const autoStopOf = async (
  deps: Deps,
  run: LoadTestRun,
  seen: Observation,
): Promise<AutoStopEvidence | undefined> => {
  const { autoStop } = run;
  if (run.status !== "Running" || autoStop?.enabled !== true) return undefined;
  const lagMs = capabilitiesOf(run, seen).ownDeadline ? POLICY.autoStopGraceMs : 0;
  const window = await deps.metrics.window(run.id, autoStop.windowSeconds, lagMs / 1000);
  return autoStopEvidence(run, window);
};

/** Every pass looks at the criteria, so that whoever asks how they stand need not wait for what came before. */
const breachOf = async (deps: Deps, run: LoadTestRun): Promise<CriterionBreach | undefined> => {
  if (run.status !== "Running" || (run.criteria ?? []).length === 0) return undefined;
  return deps.metrics.criterionBreach(run);
};

/** A master that was restarted sends nothing more for its earlier run. */
const hasTwoMasters = (
  run: LoadTestRun,
  seen: Observation,
  requests: number,
  memory: FactsMemory,
): boolean => {
  const own = masterInstanceOf(run);
  const other =
    seen.kind === "ready" || seen.kind === "foreign" ? seen.masterInstanceId : undefined;
  if (run.trigger !== "external" || own === undefined || other === undefined || other === own) {
    return false;
  }
  memory.requestsAtOther ??= requests;
  return requests > memory.requestsAtOther;
};

const showsEnd = (run: LoadTestRun, seen: Observation): boolean => {
  if (seen.kind === "load") return seen.load.phase === "ended";
  if (run.status === "Stopping") return seen.kind !== "unreachable";
  return run.status === "Running" && (seen.kind === "foreign" || seen.kind === "ready");
};

/** A master that has told its workers to stop; one that still spawns may show "stopped" with users. */
const isEnding = ({ phase, users }: LoadState): boolean =>
  phase === "stopping" || (phase === "ended" && users === 0);

/** What the stored metrics say; `error` where they cannot be stored or read. */
const readMetrics = async (
  deps: Deps,
  run: LoadTestRun,
  seen: Observation,
  memory: FactsMemory,
) => {
  let error: string | undefined;
  const orElse = async <T>(otherwise: T, work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (thrown) {
      error = messageOf(thrown);
      return otherwise;
    }
  };
  await orElse(undefined, storePolled(deps, run, seen, memory));
  await orElse(undefined, writeLive(deps, run, memory));
  await orElse(undefined, recordGaps(deps, run, (memory.openGaps ??= new Map())));
  const requests = await orElse(memory.requests ?? 0, deps.metrics.requests(run.id));
  const finals = await orElse({ masterInstances: 1, complete: false }, deps.metrics.finals(run.id));
  const autoStop = await orElse(undefined, autoStopOf(deps, run, seen));
  const breach = await orElse(undefined, breachOf(deps, run));
  return { requests, finals, autoStop, breach, error };
};

const logError = (
  deps: Deps,
  run: LoadTestRun,
  error: string | undefined,
  memory: FactsMemory,
): void => {
  const now = deps.clock.monotonic();
  if (error === undefined || now - (memory.errorLoggedAt ?? -Infinity) <= SAME_ERROR_MS) return;
  memory.errorLoggedAt = now;
  deps.log.error(
    { event: "metrics_unavailable", runId: run.id, error },
    "The metrics of a run cannot be stored or read.",
  );
};

/**
 * Stores the observed metrics and gathers what a decision needs. Metrics that cannot be stored or read (a full disk, a
 * damaged page) do not stop the decision: it is made without them, and the run's health says so.
 */
export const gatherFacts = async (
  deps: Deps,
  run: LoadTestRun,
  seen: Observation,
  memory: FactsMemory,
): Promise<Facts> => {
  const { requests, finals, autoStop, breach, error } = await readMetrics(deps, run, seen, memory);
  logError(deps, run, error, memory);
  const now = deps.clock.monotonic();
  const heard = seen.kind !== "unreachable" || requests !== (memory.requests ?? requests);
  memory.requests = requests;
  memory.watchedSince ??= now;
  if (seen.kind === "preparing") memory.preparingAt = now;
  memory.unreachableSince = heard ? undefined : (memory.unreachableSince ?? now);
  if (showsEnd(run, seen)) memory.endSeenSince ??= now;
  // An end that was seen stays seen while the cluster is silent.
  else if (seen.kind !== "unreachable") memory.endSeenSince = undefined;
  if (seen.kind !== "unreachable") {
    memory.loadEndSeen = seen.kind === "load" && isEnding(seen.load);
  }
  memory.progress = nextProgress(memory.progress, seen, requests, now);
  memory.belowTargetSince = isBelowTarget(run, seen, deps.clock.now())
    ? (memory.belowTargetSince ?? now)
    : undefined;
  const since = (at: number | undefined, otherwise: number): number =>
    at === undefined ? otherwise : now - at;
  const endSeenForMs = since(memory.endSeenSince, 0);
  const polled = seen.kind === "load" && !seen.capabilities.finalReport;
  // The final totals of one of several posters need not be the master's, which may come while its page is silent.
  const mayBeAWorkers =
    seen.kind === "unreachable" &&
    "hasSeveralReporters" in finals &&
    since(memory.unreachableSince, 0) < POLICY.polledFinalsMs;
  const nothingStarted = run.startSent === undefined && run.trigger !== "external";
  return {
    now: deps.clock.now(),
    watchedForMs: now - memory.watchedSince,
    preparedAgoMs: since(memory.preparingAt, Number.POSITIVE_INFINITY),
    unreachableForMs: since(memory.unreachableSince, 0),
    endSeenForMs,
    loadEndSeen: memory.loadEndSeen === true,
    stopSentAgoMs: since(memory.stopSentAt, Number.POSITIVE_INFINITY),
    firstStopAgoMs: since(memory.firstStopAt, Number.POSITIVE_INFINITY),
    finalsIn: polled
      ? endSeenForMs >= POLICY.polledFinalsMs && finals.complete
      : finals.masterInstances === 0
        ? nothingStarted
        : finals.complete && !mayBeAWorkers,
    hasTwoMasters: hasTwoMasters(run, seen, requests, memory),
    hasReported: error === undefined && finals.masterInstances > 0,
    stopCause: "stopCause" in finals ? finals.stopCause : undefined,
    scriptError: "scriptError" in finals ? finals.scriptError : undefined,
    hasSeveralReporters: "hasSeveralReporters" in finals,
    requestsSeen: requests,
    stalledForMs: since(memory.progress?.at, 0),
    belowTargetForMs: since(memory.belowTargetSince, 0),
    autoStop,
    breach,
    metricsError: error,
  };
};
