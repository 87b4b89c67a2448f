import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { RegisterExternal } from "@load-manager/contract/plugin/callbacks.ts";
import { AUTO_STOP } from "@load-manager/contract/model/primitives.ts";
import { covers, isSameScope, scopeOf } from "@load-manager/contract/model/scope.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clusters } from "../../clusters/port.ts";
import { selectCluster } from "../../clusters/select-cluster.ts";
import type { Clock } from "../../lib/clock.ts";
import { invalid } from "../../lib/errors.ts";
import type { Ids } from "../../lib/ids.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RunReader } from "../../stores/model/load-test-run.ts";
import { hasPlugin } from "../domain/master-instance.ts";
import { POLICY } from "../domain/policy.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import { newRun } from "./new-run.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly runs: Pick<RunReader, "get" | "unsettled" | "findExternal">;
  readonly loadTests: Pick<LoadTestStore, "get" | "nextRunNumber">;
  readonly clusters: Clusters;
  readonly clock: Pick<Clock, "now">;
  readonly ids: Ids;
  readonly limits: { readonly externalMaxDurationSeconds?: number | undefined };
};

/**
 * Registers a run that somebody started in Locust itself. The same `externalKey` gives the same run; without a key, an
 * external run of the cluster with equal parameters that is Starting or Running is the same,
 * and so is the run that was started here on a cluster without our plugin. Rejects with AppError cluster-unresolved, or
 * validation where the load test is not one of the scope.
 */
export const registerExternalTestRun = async (
  deps: Deps,
  input: RegisterExternal,
  actor: Actor,
): Promise<LoadTestRun> => {
  const { clock, ids } = deps;
  const configs = [...deps.clusters.values()].map((adapter) => adapter.config);
  const cluster = selectCluster(
    configs.filter((config) => config.kind === "attached"),
    input,
  );
  const known = await findExternal(deps, cluster.id, input);
  if (known !== undefined) return known;
  const loadTest = await loadTestOf(deps, input);
  const now = clock.now();
  const { externalKey } = input;
  const run = newRun(
    {
      id: externalKey === undefined ? ids.next() : ids.of(`${cluster.id} ${externalKey}`),
      name: `External ${new Date(now).toISOString()}`,
      scope: input,
      loadTest,
      runNumber:
        loadTest === undefined ? undefined : await deps.loadTests.nextRunNumber(loadTest.id, now),
      locustClusterId: cluster.id,
      trigger: "external",
      status: "Starting",
      createdBy: actor.name,
      actor,
      now,
    },
    {
      scenarioId: input.scenarioId,
      externalKey,
      targetUsers: input.targetUsers,
      spawnRate: input.spawnRate,
      maxDurationSec: deps.limits.externalMaxDurationSeconds,
      autoStop: loadTest?.autoStop ?? AUTO_STOP,
      criteria: loadTest?.criteria,
      baseline: loadTest?.baseline,
      loadProfile: { kind: "constant" },
      stopTimeoutSeconds: POLICY.externalStopTimeoutMs / 1000,
      startingAt: now,
    },
  );
  try {
    await deps.writer.create(run, actor);
  } catch (error) {
    const first = await deps.runs.get(run.id);
    if (first === undefined) throw error;
    return first;
  }
  return run;
};

const loadTestOf = async (deps: Deps, input: RegisterExternal): Promise<LoadTest | undefined> => {
  if (input.loadTestId === undefined) return undefined;
  const loadTest = await deps.loadTests.get(input.loadTestId);
  if (loadTest === undefined || !covers(scopeOf(loadTest), input)) {
    throw invalid("loadTestId", "is not a load test of this scope");
  }
  return loadTest;
};

const findExternal = async (
  deps: Deps,
  clusterId: string,
  input: RegisterExternal,
): Promise<LoadTestRun | undefined> => {
  if (input.externalKey !== undefined) {
    return deps.runs.findExternal(clusterId, input.externalKey);
  }
  const open = await deps.runs.unsettled();
  const isSame = (run: LoadTestRun): boolean =>
    run.trigger === "external" &&
    isSameScope(run, input) &&
    run.scenarioId === input.scenarioId &&
    run.targetUsers === input.targetUsers &&
    run.spawnRate === input.spawnRate;
  // A script that registers whatever begins: a Locust has one load at a time, and this one was started from here.
  const isOurs = (run: LoadTestRun): boolean =>
    run.trigger !== "external" && run.startSent !== undefined && !hasPlugin(run);
  return open.find(
    (run) =>
      run.locustClusterId === clusterId &&
      // The load of a run that is Stopping is over: whoever registers now has begun another.
      (run.status === "Starting" || run.status === "Running") &&
      (isSame(run) || isOurs(run)),
  );
};
