import type { LoadTest } from "@load-manager/contract/load-test.ts";
import { AUTO_STOP } from "@load-manager/contract/primitives.ts";
import type { CreateRun, LoadTestRun, Trigger } from "@load-manager/contract/run.ts";
import { selectCluster } from "../../clusters/select-cluster.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import type { RunDeps } from "../deps.ts";
import { recordEvent, recordStatus } from "../journal/events.ts";

/** Accepts a run: everything that it needs is resolved and frozen, then stored as Pending. The loop starts it. */
export const createTestRun = async (
  deps: RunDeps,
  loadTest: LoadTest,
  input: CreateRun,
  by: { readonly name: string; readonly trigger: Trigger },
  id = deps.ids.next(),
): Promise<LoadTestRun> => {
  const { stores, clock } = deps;
  const cluster = selectCluster(
    [...deps.clusters.values()].map((adapter) => adapter.config),
    loadTest,
    loadTest.locustClusterId,
  );
  const script = await scriptOf(deps, loadTest, input.scriptRevisionId);
  if (script === undefined && cluster.kind === "local") {
    throw new AppError(
      "conflict",
      "This load test has no script; save one with PUT /v1/load-tests/{id}/script.",
      {
        fields: [{ field: "scriptRevisionId", message: "is needed: the load test has no script" }],
      },
    );
  }
  const duration = durationOf(deps, loadTest, input.durationSeconds);
  const now = clock.now();
  const runNumber = await stores.loadTests.nextRunNumber(loadTest.id, now);
  if (runNumber === undefined) throw notFound("load test", loadTest.id);
  const { envId, autoStop = AUTO_STOP } = loadTest;
  const createdBy = input.createdBy ?? by.name;
  const run: LoadTestRun = {
    id,
    accountId: loadTest.accountId,
    orgId: loadTest.orgId,
    projectId: loadTest.projectId,
    ...(envId === undefined ? {} : { envId }),
    loadTestId: loadTest.id,
    runNumber,
    name: input.name ?? `${loadTest.name} #${runNumber}`,
    ...(input.notes === undefined ? {} : { notes: input.notes }),
    tags: input.tags,
    keep: false,
    ...(input.runGroupId === undefined ? {} : { runGroupId: input.runGroupId }),
    ...(loadTest.scenarioId === undefined ? {} : { scenarioId: loadTest.scenarioId }),
    ...(input.metadata === undefined ? {} : { metadata: input.metadata }),
    locustClusterId: cluster.id,
    trigger: by.trigger,
    status: "Pending",
    health: "ok",
    verdict: "none",
    fence: 0,
    targetUrl: input.targetUrl ?? loadTest.targetUrl,
    targetUsers: input.targetUsers ?? loadTest.defaultUsers,
    spawnRate: input.spawnRate ?? loadTest.defaultSpawnRate,
    ...duration,
    autoStop: input.autoStop ?? autoStop,
    loadProfile: loadTest.loadProfile,
    ...(script === undefined ? {} : { scriptRevisionId: script.id, scriptSha256: script.sha256 }),
    stopTimeoutSeconds: input.stopTimeoutSeconds ?? loadTest.stopTimeoutSeconds,
    createdAt: now,
    createdBy,
    updatedAt: now,
    updatedBy: createdBy,
    version: 1,
  };
  await deps.failpoint("create.before");
  await stores.runs.create(run);
  await deps.failpoint("create.after");
  await recordStatus(stores.events, run, undefined);
  if (script !== undefined && cluster.kind === "attached") {
    await recordEvent(stores.events, run.id, {
      id: "script-not-sent",
      at: now,
      type: "script_not_sent",
      message: `The cluster ${cluster.id} runs the script that it was started with; the load test's own was not sent there.`,
    });
  }
  return run;
};

const scriptOf = async (deps: RunDeps, loadTest: LoadTest, asked: string | undefined) => {
  const id = asked ?? loadTest.latestRevisionId;
  if (id === undefined) return undefined;
  const revision = await deps.stores.revisions.get(id);
  if (revision === undefined || revision.loadTestId !== loadTest.id) {
    throw invalid("scriptRevisionId", "is not a revision of this load test's script");
  }
  return revision;
};

/** `maxDurationSec` bounds every run; without a duration it is the run's own limit. */
const durationOf = (deps: RunDeps, loadTest: LoadTest, asked: number | undefined) => {
  const durationSeconds = asked ?? loadTest.defaultDurationSec;
  const maxDurationSec = loadTest.maxDurationSec ?? deps.limits.maxDurationSeconds;
  if (durationSeconds !== undefined && durationSeconds > maxDurationSec) {
    const where =
      loadTest.maxDurationSec === undefined
        ? "orchestrator.maxDurationSeconds; set the load test's maxDurationSec to allow more"
        : "the load test's maxDurationSec";
    throw invalid("durationSeconds", `must be at most ${maxDurationSec}, which is ${where}`);
  }
  return { ...(durationSeconds === undefined ? {} : { durationSeconds }), maxDurationSec };
};
