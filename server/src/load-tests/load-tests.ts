import { isDeepStrictEqual } from "node:util";
import { type Actor, refOf } from "@load-manager/contract/model/actor.ts";
import type { CreateLoadTest, UpdateLoadTest } from "@load-manager/contract/api/load-test.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import { assertHonoured } from "../clusters/run-settings.ts";
import { selectCluster } from "../clusters/select-cluster.ts";
import { assertWindowsFit, withIds } from "../lib/criteria.ts";
import { definedOnly } from "../lib/defined.ts";
import { assertDuration, longestLoad } from "../lib/load-durations.ts";
import { withStoredValues } from "../lib/environment.ts";
import { optionsOfRun, withSecretsMarked } from "../lib/script-options.ts";
import { AppError, notFound, stale } from "../lib/errors.ts";
import { ACTIVE_STATUSES } from "../runs/domain/states.ts";
import { checkBaseline, keepBaseline } from "./baseline.ts";
import type { LoadTestDeps } from "./deps.ts";
import { countCreated, countDeleted } from "./scope-counts.ts";
import { outlineAt } from "./outline-script.ts";
import { type ScriptSource, sourceOfText } from "./script-source.ts";
import { addRevision, requireValidScript } from "./scripts.ts";

/**
 * A named cluster must exist, serve the scope and honour the settings in `given`. Without a name each run selects its
 * cluster, and is refused there.
 */
const checkCluster = (
  deps: LoadTestDeps,
  loadTest: LoadTest,
  given: CreateLoadTest | UpdateLoadTest,
): void => {
  if (loadTest.locustClusterId === undefined) return;
  const cluster = namedCluster(deps, loadTest, loadTest.locustClusterId);
  // A migrated load test may have settings that its cluster cannot honour; other changes of it are no reason to refuse.
  if (typeof given.locustClusterId === "string") assertHonoured(cluster, loadTest);
  else assertHonoured(cluster, given);
};

const namedCluster = (deps: LoadTestDeps, loadTest: LoadTest, id: string) => {
  try {
    return selectCluster(deps.clusters(), loadTest, id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError("validation", error.message, {
      fields: [{ field: "locustClusterId", message: error.message }],
    });
  }
};

const checkCriteria = (loadTest: LoadTest): void =>
  assertWindowsFit(loadTest.criteria ?? [], longestLoad(loadTest));

/** The fields of a request, with the values that it does not know and keeps. */
const withKeptValues = <
  Fields extends Omit<CreateLoadTest, "criteria"> | Omit<UpdateLoadTest, "updatedBy" | "criteria">,
>(
  fields: Fields,
  stored: LoadTest | undefined,
): Fields => ({
  ...fields,
  ...(fields.environment == null
    ? {}
    : {
        environment: withStoredValues("environment", fields.environment, stored?.environment),
      }),
  ...(fields.scriptOptions == null
    ? {}
    : {
        scriptOptions: withStoredValues(
          "scriptOptions",
          fields.scriptOptions,
          stored?.scriptOptions,
        ),
      }),
});

/** The options as they are stored: which are secret, the script says where it can be imported. */
const storedOptions = async (
  deps: LoadTestDeps,
  loadTest: LoadTest,
  script: Pick<ScriptSource, "entrypoint" | "files"> | undefined,
): Promise<Pick<LoadTest, "scriptOptions">> => {
  const values = optionsOfRun(loadTest.scriptOptions, undefined);
  if (values === undefined) return {};
  const place = { ...loadTest, scope: loadTest };
  const { found } = script === undefined ? {} : await outlineAt(deps, place, script);
  return { scriptOptions: withSecretsMarked(values, found) };
};

const newestScript = async ({ stores }: LoadTestDeps, { latestRevisionId }: LoadTest) => {
  if (latestRevisionId === undefined) return undefined;
  const revision = await stores.revisions.get(latestRevisionId);
  if (revision === undefined) return undefined;
  const { entrypoint } = revision;
  return { entrypoint, files: await stores.revisions.files(revision) };
};

const store = async ({ stores, clock }: LoadTestDeps, loadTest: LoadTest): Promise<void> => {
  await countCreated({ ...stores, clock }, loadTest);
  await stores.loadTests.create(loadTest);
};

/** Creates a load test, and its first script revision where a locustfile is given. */
export const createLoadTest = async (
  deps: LoadTestDeps,
  input: CreateLoadTest,
  actor: Actor,
  id = deps.ids.next(),
) => {
  const { locustfile, createdBy: label, criteria, ...given } = input;
  const fields = withKeptValues(given, undefined);
  const now = deps.clock.now();
  const createdBy = label ?? actor.name;
  const loadTest: LoadTest = {
    id,
    ...definedOnly(fields),
    ...(criteria === undefined ? {} : { criteria: withIds(criteria) }),
    lastRunNumber: 0,
    recentRuns: [],
    recentRunsVersion: 0,
    createdAt: now,
    createdBy,
    createdByActor: refOf(actor),
    updatedAt: now,
    updatedBy: createdBy,
    version: 1,
  };
  checkCluster(deps, loadTest, input);
  assertDuration(loadTest);
  checkCriteria(loadTest);
  await checkBaseline(deps, loadTest);
  if (locustfile === undefined) {
    const withOptions = { ...loadTest, ...(await storedOptions(deps, loadTest, undefined)) };
    await store(deps, withOptions);
    return { loadTest: withOptions, warnings: undefined };
  }
  const script = sourceOfText(locustfile, "locustfile");
  const warnings = await requireValidScript(deps, script);
  const { revision } = await addRevision(deps, {
    loadTestId: loadTest.id,
    script,
    createdBy,
    actor,
  });
  const options = await storedOptions(deps, loadTest, script);
  const withScript = { ...loadTest, ...options, latestRevisionId: revision.id };
  await store(deps, withScript);
  return { loadTest: withScript, warnings };
};

/** Whether the patch sets nothing that is not set so already; null clears. */
const changesNothing = (current: LoadTest, patch: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(patch).every(([field, value]) =>
    isDeepStrictEqual(value ?? undefined, current[field as keyof LoadTest]),
  );

/**
 * Applies a merge patch: with `ifMatch` to that version only, without it again after every race. A patch that changes nothing
 * leaves the load test as it is, with its version.
 */
export const updateLoadTest = async (
  deps: LoadTestDeps,
  id: string,
  input: UpdateLoadTest,
  ifMatch: number | undefined,
  actor: Actor,
): Promise<LoadTest> => {
  const { updatedBy, criteria, ...fields } = input;
  for (;;) {
    const current = await deps.stores.loadTests.get(id);
    if (current === undefined) throw notFound("load test", id);
    if (ifMatch !== undefined && ifMatch !== current.version) throw stale("load test", id);
    const patch = {
      ...definedOnly(withKeptValues(fields, current)),
      ...(criteria === undefined ? {} : { criteria: criteria && withIds(criteria) }),
    };
    const next = Object.fromEntries(
      Object.entries({ ...current, ...patch }).filter(([, value]) => value !== null),
    ) as LoadTest;
    checkCluster(deps, next, input);
    assertDuration(next);
    checkCriteria(next);
    const options =
      patch.scriptOptions == null
        ? {}
        : await storedOptions(deps, next, await newestScript(deps, next));
    if (patch.baseline != null) {
      await checkBaseline(deps, next);
      // Before it is chosen, so that nobody deletes it in between.
      await keepBaseline(deps, next, actor);
    }
    const changes = { ...patch, ...options };
    if (changesNothing(current, changes)) return current;
    const written = await deps.stores.loadTests.update(id, current.version, {
      ...changes,
      updatedAt: deps.clock.now(),
      updatedBy: updatedBy ?? actor.name,
    });
    if (written !== undefined) return written;
  }
};

/** Deletes a load test and keeps its runs. Rejects with AppError conflict while a run is active. */
export const deleteLoadTest = async (
  deps: LoadTestDeps,
  loadTest: LoadTest,
  ifMatch: number | undefined,
  actor: Actor,
): Promise<void> => {
  if (ifMatch !== undefined && ifMatch !== loadTest.version) throw stale("load test", loadTest.id);
  const active = await deps.stores.runs.count(loadTest.id, ACTIVE_STATUSES);
  if (active > 0) {
    throw new AppError(
      "conflict",
      `The load test has ${active} active ${active === 1 ? "run" : "runs"}; stop ${active === 1 ? "it" : "them"} first.`,
    );
  }
  if (!(await deps.stores.loadTests.delete(loadTest.id, loadTest.version)))
    throw stale("load test", loadTest.id);
  await countDeleted({ ...deps.stores, clock: deps.clock }, loadTest);
  // Nothing of it is left in the store that could say who did it.
  const { requestId, ...by } = actor;
  deps.log.info(
    {
      event: "load_test_deleted",
      loadTestId: loadTest.id,
      actor: refOf(by),
      ...(requestId === undefined ? {} : { requestId }),
    },
    "A load test was deleted.",
  );
};
