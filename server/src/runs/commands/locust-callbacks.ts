import type { RegisterExternal, SnapshotInput } from "@load-manager/contract/locust.ts";
import { AUTO_STOP } from "@load-manager/contract/primitives.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { selectCluster } from "../../clusters/select-cluster.ts";
import { AppError, invalid } from "../../lib/errors.ts";
import { changeRun } from "./stop.ts";
import type { RunDeps } from "../deps.ts";
import { recordStatus } from "../journal/events.ts";
import { toldEnd } from "../domain/outcomes.ts";
import { isTerminal } from "../domain/states.ts";

const LOCUST = "locust";

/**
 * A run that somebody started at Locust itself. The same `externalKey` gives the same run; without one, an active
 * external run of that cluster with equal parameters is the same.
 */
export const registerExternalTestRun = async (
  deps: RunDeps,
  input: RegisterExternal,
): Promise<LoadTestRun> => {
  const { stores, clock, ids } = deps;
  const cluster = selectCluster(
    [...deps.clusters.values()]
      .map((adapter) => adapter.config)
      .filter((config) => config.kind === "attached"),
    input,
  );
  const known = await findExternal(deps, cluster.id, input);
  if (known !== undefined) return known;
  const loadTest =
    input.loadTestId === undefined ? undefined : await stores.loadTests.get(input.loadTestId);
  const outside =
    loadTest !== undefined &&
    (["accountId", "orgId", "projectId"] as const).some(
      (level) => loadTest[level] !== input[level],
    );
  if (input.loadTestId !== undefined && (loadTest === undefined || outside)) {
    throw invalid("loadTestId", "is not a load test of this scope");
  }
  const now = clock.now();
  const runNumber =
    loadTest === undefined ? undefined : await stores.loadTests.nextRunNumber(loadTest.id, now);
  const limit = deps.limits.externalMaxDurationSeconds;
  const run: LoadTestRun = {
    id: input.externalKey === undefined ? ids.next() : ids.of(`${cluster.id} ${input.externalKey}`),
    accountId: input.accountId,
    orgId: input.orgId,
    projectId: input.projectId,
    ...(input.envId === undefined ? {} : { envId: input.envId }),
    ...(loadTest === undefined ? {} : { loadTestId: loadTest.id }),
    ...(runNumber === undefined ? {} : { runNumber }),
    ...(input.scenarioId === undefined ? {} : { scenarioId: input.scenarioId }),
    ...(input.externalKey === undefined ? {} : { externalKey: input.externalKey }),
    name: `External ${new Date(now).toISOString()}`,
    tags: [],
    keep: false,
    locustClusterId: cluster.id,
    trigger: "external",
    status: "Starting",
    health: "ok",
    verdict: "none",
    fence: 0,
    targetUsers: input.targetUsers,
    spawnRate: input.spawnRate,
    ...(limit === undefined ? {} : { maxDurationSec: limit }),
    autoStop: loadTest?.autoStop ?? AUTO_STOP,
    loadProfile: { kind: "constant" },
    stopTimeoutSeconds: 10,
    startingAt: now,
    createdAt: now,
    createdBy: LOCUST,
    updatedAt: now,
    updatedBy: LOCUST,
    version: 1,
  };
  try {
    await stores.runs.create(run);
  } catch (error) {
    const first = await stores.runs.get(run.id);
    if (first === undefined) throw error;
    return first;
  }
  await recordStatus(stores.events, run, undefined);
  return run;
};

const findExternal = async (
  deps: RunDeps,
  clusterId: string,
  input: RegisterExternal,
): Promise<LoadTestRun | undefined> => {
  if (input.externalKey !== undefined) {
    return deps.stores.runs.findExternal(clusterId, input.externalKey);
  }
  const open = await deps.stores.runs.unsettled();
  return open.find(
    (run) =>
      run.locustClusterId === clusterId &&
      run.trigger === "external" &&
      !isTerminal(run.status) &&
      (
        [
          "accountId",
          "orgId",
          "projectId",
          "envId",
          "scenarioId",
          "targetUsers",
          "spawnRate",
        ] as const
      ).every((field) => run[field] === input[field]),
  );
};

/** Load has begun, says Locust. Noted; Running is what rising requests prove. */
export const handleTestStart = async (deps: RunDeps, run: LoadTestRun): Promise<void> => {
  if (run.loadStartedAt !== undefined || isTerminal(run.status)) return;
  const now = deps.clock.now();
  await changeRun(
    deps,
    run.id,
    (current) =>
      current.loadStartedAt === undefined && !isTerminal(current.status)
        ? { loadStartedAt: now }
        : undefined,
    LOCUST,
  );
};

/** Cumulative figures, pushed by a plugin that knows no better way. */
export const updateMetrics = async (
  deps: RunDeps,
  run: LoadTestRun,
  snapshot: SnapshotInput,
  final = false,
): Promise<void> => {
  const at = snapshot.timestamp ?? deps.clock.now();
  await deps.figures.storeMetric(run, snapshot, { source: "json", at, final });
};

/** Load has ended, says Locust: because the duration was reached, or because somebody stopped it there. */
export const handleTestStop = async (
  deps: RunDeps,
  run: LoadTestRun,
  told: {
    readonly autoStopped?: boolean | undefined;
    readonly finalMetrics?: SnapshotInput | null | undefined;
  },
): Promise<void> => {
  if (told.finalMetrics != null) await updateMetrics(deps, run, told.finalMetrics, true);
  const now = deps.clock.now();
  const requests = await deps.figures.requests(run.id);
  await changeRun(
    deps,
    run.id,
    (current) => {
      if (current.status !== "Starting" && current.status !== "Running") return undefined;
      const { endCause, reason } = toldEnd(current, told.autoStopped === true, requests);
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

/** The run that a callback names; its scope is not the caller's to choose. */
export const runOfCallback = async (deps: RunDeps, id: string): Promise<LoadTestRun> => {
  const run = await deps.stores.runs.get(id);
  if (run === undefined) {
    throw new AppError(
      "not-found",
      `There is no run with the id ${JSON.stringify(id)}; register it with POST /v1/internal/locust/register-external first.`,
    );
  }
  if (run.deletingAt !== undefined) {
    throw new AppError("gone", `The run ${id} is being deleted; its figures are not wanted.`);
  }
  return run;
};
