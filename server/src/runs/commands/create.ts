import type { Actor } from "@load-manager/contract/model/actor.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { AUTO_STOP } from "@load-manager/contract/model/primitives.ts";
import type { CreateRun } from "@load-manager/contract/api/run.ts";
import { EndpointGroups, TaskTags, UserClasses } from "@load-manager/contract/api/settings.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import {
  DEFAULT_STOP_TIMEOUT_SECONDS,
  stopTimeoutOf,
} from "@load-manager/contract/model/stop-timeout.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import type { Clusters, ScriptOutlined, ScriptOutliner } from "../../clusters/port.ts";
import { assertHonoured, assertHonouredNow, assertPackages } from "../../clusters/run-settings.ts";
import { type ClusterConfig, selectCluster } from "../../clusters/select-cluster.ts";
import type { Clock } from "../../lib/clock.ts";
import { environmentOfRun, withStoredValues } from "../../lib/environment.ts";
import { assertOptions, optionsOfRun, withSecretsMarked } from "../../lib/script-options.ts";
import { assertFitsScript, concernsScript } from "../../lib/script-settings.ts";
import { usable } from "../../lib/usable.ts";
import { AppError, invalid, notFound } from "../../lib/errors.ts";
import type { LoadTestStore } from "../../stores/model/load-test.ts";
import type { RevisionStore } from "../../stores/model/script-revision.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import { recordEvent } from "../journal/events.ts";
import type { RunWriter } from "../journal/run-writer.ts";
import { criteriaOfRun } from "./criteria-of-run.ts";
import { loadOfRun } from "./load-of-run.ts";
import { newRun } from "./new-run.ts";

type Deps = {
  readonly writer: RunWriter;
  readonly events: RunEventStore;
  readonly loadTests: Pick<LoadTestStore, "nextRunNumber">;
  readonly revisions: Pick<RevisionStore, "get" | "files">;
  readonly clusters: Clusters;
  readonly outline: ScriptOutliner;
  readonly clock: Pick<Clock, "now">;
  readonly limits: { readonly maxDurationSeconds: number };
};

const assertScript = (cluster: ClusterConfig, script: object | undefined): void => {
  if (script !== undefined || cluster.kind !== "local") return;
  throw new AppError(
    "conflict",
    "This load test has no script; save one with PUT /v1/load-tests/{id}/script.",
    {
      fields: [{ field: "scriptRevisionId", message: "is required: the load test has no script" }],
    },
  );
};

/**
 * Accepts a run: resolves and freezes everything that it needs and stores it as Pending; the controller starts it.
 * Rejects with AppError cluster-unresolved, conflict (no script), validation or not-found.
 */
export const createTestRun = async (
  deps: Deps,
  loadTest: LoadTest,
  input: CreateRun,
  actor: Actor,
  id: string,
): Promise<LoadTestRun> => {
  const configs = [...deps.clusters.values()].map((adapter) => adapter.config);
  const cluster = selectCluster(configs, loadTest, loadTest.locustClusterId);
  const script = await scriptOf(deps, loadTest, input.scriptRevisionId);
  assertScript(cluster, script);
  assertPackages(cluster, script?.requirements);
  const load = loadOfRun(deps.limits, loadTest, input);
  const settings = settingsOf(loadTest, input);
  assertHonoured(cluster, settings);
  const adapter = deps.clusters.get(cluster.id);
  if (adapter !== undefined) await assertHonouredNow(adapter, { ...settings, ...load });
  const scriptOptions = await checkedOptions(deps, cluster, script, {
    ...settings,
    ...load,
  });
  const criteria = criteriaOfRun(loadTest, input, load);
  const now = deps.clock.now();
  const runNumber = await deps.loadTests.nextRunNumber(loadTest.id, now);
  if (runNumber === undefined) throw notFound("load test", loadTest.id);
  const run = newRun(
    {
      id,
      name: input.name ?? `${loadTest.name} #${runNumber}`,
      scope: loadTest,
      loadTest,
      runNumber,
      locustClusterId: cluster.id,
      trigger: "api",
      status: "Pending",
      createdBy: input.createdBy ?? actor.name,
      actor,
      now,
    },
    {
      notes: input.notes,
      tags: input.tags,
      runGroupId: input.runGroupId,
      scenarioId: loadTest.scenarioId,
      metadata: input.metadata,
      targetUrl: input.targetUrl ?? loadTest.targetUrl,
      ...load,
      autoStop: input.autoStop ?? loadTest.autoStop ?? AUTO_STOP,
      criteria,
      baseline: loadTest.baseline,
      // An attached cluster runs its own script, whatever the load test has.
      ...(cluster.kind === "local" ? revisionOf(script) : {}),
      ...settings,
      scriptOptions,
      ...(cluster.kind === "local"
        ? {
            workers: settings.workers ?? cluster.workers,
            stopTimeoutSeconds: stopTimeoutOf(settings),
          }
        : {}),
    },
  );
  await deps.writer.create(run, actor);
  if (script !== undefined && cluster.kind === "attached") {
    await recordEvent(deps.events, run.id, {
      id: "script-not-sent",
      at: now,
      type: "script_not_sent",
      message: `The cluster ${cluster.id} runs the script that it was started with; the load test's own script${script.requirements === undefined ? "" : ", with its packages,"} was not sent to it.`,
    });
  }
  return run;
};

/** The script as a run names it. */
const revisionOf = (script: ScriptRevision | undefined) => ({
  scriptRevisionId: script?.id,
  scriptRevisionNumber: script?.revisionNumber,
  scriptSha256: script?.sha256,
});

/** The run's settings: its own, else the load test's. */
const settingsOf = (loadTest: LoadTest, input: CreateRun) => ({
  workers: input.workers ?? loadTest.workers,
  environment: environmentOfRun(input.environment, loadTest.environment),
  userClasses: usable(UserClasses, input.userClasses ?? loadTest.userClasses, "userClasses"),
  includeTags: usable(TaskTags, input.includeTags ?? loadTest.includeTags, "includeTags"),
  excludeTags: usable(TaskTags, input.excludeTags ?? loadTest.excludeTags, "excludeTags"),
  endpointGroups: usable(
    EndpointGroups,
    input.endpointGroups ?? loadTest.endpointGroups,
    "endpointGroups",
  ),
  scriptOptions: optionsOfRun(
    input.scriptOptions &&
      withStoredValues("scriptOptions", input.scriptOptions, loadTest.scriptOptions),
    loadTest.scriptOptions,
  ),
  stopTimeoutSeconds: input.stopTimeoutSeconds ?? chosenStopTimeout(loadTest),
});

/** The default is no choice: a Locust that cannot be told a stop timeout keeps its own then. */
const chosenStopTimeout = ({ stopTimeoutSeconds }: LoadTest): number | undefined =>
  stopTimeoutSeconds === DEFAULT_STOP_TIMEOUT_SECONDS ? undefined : stopTimeoutSeconds;

/**
 * The options as they are stored. Throws AppError validation for what the script does not have, as far as its import shows it; the
 * rest is checked when the run starts. A run whose settings do not concern the script imports nothing.
 */
const checkedOptions = async (
  deps: Pick<Deps, "revisions" | "outline">,
  cluster: ClusterConfig,
  script: ScriptRevision | undefined,
  settings: ReturnType<typeof settingsOf> & Pick<LoadTestRun, "loadProfile">,
) => {
  const { scriptOptions, environment } = settings;
  const { found, problems } =
    scriptOptions === undefined && !concernsScript(settings)
      ? NOT_IMPORTED
      : await outlineOf(deps, cluster, script, environment);
  if (found !== undefined && problems.length === 0) assertFitsScript(settings, found);
  if (scriptOptions === undefined) return undefined;
  if (found !== undefined) assertOptions(scriptOptions, found, problems);
  return withSecretsMarked(scriptOptions, found);
};

const NOT_IMPORTED: ScriptOutlined = { problems: [] };

const outlineOf = async (
  deps: Pick<Deps, "revisions" | "outline">,
  cluster: ClusterConfig,
  script: ScriptRevision | undefined,
  environment: LoadTest["environment"],
): Promise<ScriptOutlined> => {
  if (script === undefined || cluster.kind !== "local") return NOT_IMPORTED;
  const files = await deps.revisions.files(script);
  return deps.outline(cluster, { entrypoint: script.entrypoint, files }, environment);
};

const scriptOf = async (
  deps: Pick<Deps, "revisions">,
  loadTest: LoadTest,
  asked: string | undefined,
) => {
  const id = asked ?? loadTest.latestRevisionId;
  if (id === undefined) return undefined;
  const revision = await deps.revisions.get(id);
  if (revision === undefined || revision.loadTestId !== loadTest.id) {
    throw invalid("scriptRevisionId", "is not a revision of this load test's script");
  }
  return revision;
};
