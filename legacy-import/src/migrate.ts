import { createHash } from "node:crypto";
import type { Db, Document } from "mongodb";
import type { Clock } from "@load-manager/server/lib/clock.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import type { Ids } from "@load-manager/server/lib/ids.ts";
import { fromDocument } from "@load-manager/server/stores/mongo/document.ts";
import { COLLECTIONS, ensureIndexes } from "@load-manager/server/stores/mongo/indexes.ts";
import { markSchema } from "@load-manager/server/stores/mongo/schema.ts";
import { copySource, copyTimeSeries, prepareTarget } from "./write/copy.ts";
import { Fields } from "./read/fields.ts";
import { READ } from "./read/json.ts";
import {
  createRevisionIndex,
  createRunIndex,
  type RevisionIndex,
  type RunIndex,
} from "./read/known.ts";
import type { Mapping } from "./transform/mapping.ts";
import {
  backupOf,
  hasOlder,
  listed,
  newOf,
  SORTING,
  stampOf,
  swapOf,
  type Target,
  targetsOf,
} from "./plan.ts";
import { type Report, reportOf } from "./report.ts";
import { makeRows } from "./write/rows.ts";
import {
  type Held,
  type Job,
  type LockDeps,
  NEW_JOB,
  readState,
  type State,
  takeLock,
} from "./state.ts";
import { createSteps } from "./transform/steps.ts";
import { refuseUnmapped, survey } from "./read/survey.ts";
import { indexesOn, renameAll } from "./swap/swap.ts";
import { type Place, type Verdict, verifyAll } from "./verify/verify.ts";

export type MigrateDeps = {
  readonly db: Db;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly lock: Omit<LockDeps, "say" | "monotonic">;
  readonly say: (line: string) => void;
  readonly onProgress: (what: string, done: number, total: number) => void;
};
export type MigrateInput = {
  readonly mapping: Mapping;
  readonly mappingFile: string;
  readonly keepActive: boolean;
};

export const TODAY: readonly string[] = Object.keys(COLLECTIONS);
/** The second half of the metrics: rows of the sorted documents. */
const ROWS = "metrics_rows";

export const lockDeps = ({ lock, clock, say }: MigrateDeps): LockDeps => ({
  ...lock,
  say,
  monotonic: clock.monotonic,
});

export const isMarked = async (db: Db): Promise<boolean> =>
  (await db.collection<{ _id: string }>("store_meta").findOne({ _id: "schema" })) !== null;

const hashOf = (mapping: Mapping): string =>
  createHash("sha256").update(JSON.stringify(mapping)).digest("hex").slice(0, 16);

/** Where older documents are read: a time series from its plain copy. */
const readFrom = ({ stamp }: State, { name, timeSeries }: Target["sources"][number]): string =>
  timeSeries ? backupOf(name, stamp) : name;

const beforeSwap = (state: State): Place[] =>
  state.targets.map((target) => ({
    target: target.name,
    old: target.sources.map((source) => readFrom(state, source)),
    made: newOf(target.name),
  }));
export const afterSwap = (state: State): Place[] =>
  state.targets.map(({ name, sources }) => ({
    target: name,
    old: sources.map((source) => backupOf(source.name, state.stamp)),
    made: name,
  }));

const entitiesOf = async <T>(db: Db, name: string, add: (entity: T) => void): Promise<void> => {
  for await (const document of db.collection<Document>(name).find()) {
    add(fromDocument<T>(document, "nameKey"));
  }
};

/** What the steps of a target have to know of what is there already. */
const learn = async (
  db: Db,
  state: State,
  target: Target,
  { runs, revisions }: { runs: RunIndex; revisions: RevisionIndex },
): Promise<void> => {
  if (target.name === "load_tests") {
    await entitiesOf(db, newOf("load_test_runs"), runs.add);
    await entitiesOf(db, newOf("script_revisions"), revisions.add);
  }
  if (target.name !== "script_revisions") return;
  for (const source of target.sources) {
    const cursor = db.collection<Document>(readFrom(state, source)).find({}, READ);
    for await (const document of cursor) {
      const fields = new Fields(document);
      const number = fields.whole("revisionNumber", "revision");
      revisions.reserve(fields.id("loadTestId") ?? "", number ?? 0);
    }
  }
  await entitiesOf(db, newOf("script_revisions"), revisions.add);
};

/** Copies everything into `<name>__new`, from wherever it was broken off. */
const copyAll = async (deps: MigrateDeps, input: MigrateInput, held: Held, begun: State) => {
  const { db, ids, onProgress } = deps;
  let state = begun;
  const saveJob =
    (name: string) =>
    async (job: Job): Promise<void> => {
      state = { ...state, jobs: { ...state.jobs, [name]: job } };
      await held.save(state);
    };
  const jobOf = (name: string): Job => state.jobs[name] ?? NEW_JOB;
  const there = new Set((await listed(db)).map(({ name }) => name));
  const create = async (name: string): Promise<void> => {
    if (!there.has(name)) await db.createCollection(name);
  };
  for (const target of state.targets) {
    await create(newOf(target.name));
    const metrics = target.name === "metrics_timeseries";
    if (metrics) await create(SORTING);
    if (target.sources.every(({ name }) => jobOf(name).done)) continue;
    for (const source of target.sources.filter(({ timeSeries }) => timeSeries)) {
      const own = `${source.name}_plain`;
      if (jobOf(own).done) continue;
      const total = await db.collection(source.name).estimatedDocumentCount();
      const backup = backupOf(source.name, state.stamp);
      await copyTimeSeries(db, source, backup, (done) => onProgress(backup, done, total));
      await saveJob(own)({ ...NEW_JOB, done: true });
    }
    const jobs = target.sources.map(({ name }) => jobOf(name));
    const seen = await prepareTarget(db, target.name, jobs);
    const known = { runs: createRunIndex(), revisions: createRevisionIndex() };
    await learn(db, state, target, known);
    const step = createSteps({ ...input, keepActive: state.keepActive }, { ids, ...known })[
      target.name
    ];
    if (step === undefined) throw new Error(`nothing makes ${target.name}`);
    for (const source of target.sources) {
      const from = readFrom(state, source);
      const total = await db.collection(from).estimatedDocumentCount();
      await copySource(
        {
          db,
          step,
          source,
          from,
          seen,
          save: saveJob(source.name),
          onProgress: (done) => onProgress(source.name, done, total),
        },
        jobOf(source.name),
      );
    }
  }
  const total = await db.collection(SORTING).estimatedDocumentCount();
  await makeRows(
    { db, save: saveJob(ROWS), onProgress: (done) => onProgress("rows of metrics", done, total) },
    jobOf(ROWS),
  );
  for (const { name } of state.targets) await indexesOn(db, name, newOf(name));
  return state;
};

const summed = (verdicts: readonly Verdict[]): number =>
  verdicts.reduce((sum, { wrong }) => sum + wrong, 0);

/** Counts add up, and every document holds what it must. */
export const check = async (
  { db, onProgress }: MigrateDeps,
  input: MigrateInput,
  places: readonly Place[],
): Promise<Verdict[]> =>
  verifyAll(
    { db, context: input, onProgress: (name, done) => onProgress(`checking ${name}`, done, 0) },
    places,
  );

const begin = async (deps: MigrateDeps, input: MigrateInput): Promise<State> => {
  const now = deps.clock.now();
  const targets = targetsOf(await listed(deps.db));
  return {
    phase: "copy",
    stamp: stampOf(now),
    startedAt: now,
    keepActive: input.keepActive,
    mapping: hashOf(input.mapping),
    targets,
    jobs: {},
    renames: [],
    renamed: 0,
  };
};

/** Does what is left of the recorded renames, then makes the database one of today's schema. */
export const finishSwap = async (db: Db, held: Held, begun: State): Promise<State> => {
  let state = begun;
  await renameAll(db, state.renames, state.renamed, held.mine, async (renamed) => {
    state = { ...state, renamed };
    await held.save(state);
  });
  await ensureIndexes(db);
  await db.collection(SORTING).drop();
  await markSchema(db);
  state = { ...state, phase: "done" };
  await held.save(state);
  return state;
};

/** Refuses what would mix two migrations. */
const refuseOther = (state: State, input: MigrateInput): void => {
  if (state.phase === "rollback") {
    throw new AppError(
      "conflict",
      "A rollback was broken off. Finish it first: load-manager migrate rollback",
    );
  }
  if (state.mapping === hashOf(input.mapping)) return;
  throw new AppError(
    "conflict",
    `A migration was begun with another mapping than ${input.mappingFile} has now. Go on with that one, or give it up with load-manager migrate rollback and begin anew.`,
  );
};

/** `undefined` where there is nothing to do. Rejects with AppError; whatever has been done by then is gone on from. */
export const migrate = async (
  deps: MigrateDeps,
  input: MigrateInput,
): Promise<Report | undefined> => {
  const { db, say, clock } = deps;
  const before = await readState(db);
  if (before?.phase === "done") return undefined;
  if (before === undefined) {
    const collections = await listed(db);
    if ((await isMarked(db)) || !hasOlder(collections)) return undefined;
    say("Looking at every document …");
    refuseUnmapped(
      await survey(db, targetsOf(collections), input.mapping, deps.onProgress),
      input.mappingFile,
    );
  } else refuseOther(before, input);
  const held = await takeLock(db, lockDeps(deps));
  try {
    const found = await readState(db);
    if (found?.phase === "done") return undefined;
    if (found !== undefined) refuseOther(found, input);
    let state = found ?? (await begin(deps, input));
    const own = { ...input, keepActive: state.keepActive };
    if (found === undefined) {
      // Of a try that was given up.
      for (const { name } of state.targets) await db.collection(newOf(name)).drop();
      await db.collection(SORTING).drop();
      await held.save(state);
    } else
      say(
        `Going on with the migration that was begun at ${new Date(found.startedAt).toISOString()}.`,
      );
    let verified: Verdict[] = [];
    if (state.phase === "copy") {
      state = { ...(await copyAll(deps, own, held, state)), phase: "verify" };
      await held.save(state);
    }
    if (state.phase === "verify") {
      say("Checking what was made …");
      verified = await check(deps, own, beforeSwap(state));
      if (summed(verified) > 0) throw notRight(verified);
      state = { ...state, phase: "swap", renames: swapOf(state.targets, state.stamp), renamed: 0 };
      await held.save(state);
    }
    state = await finishSwap(db, held, state);
    return await reportOf(db, state, verified, clock.now(), TODAY);
  } finally {
    await held.release();
  }
};

export const notRight = (verdicts: readonly Verdict[]): AppError => {
  const lines = verdicts.flatMap(({ collection, problems }) =>
    problems.slice(0, 10).map((problem) => `  ${collection}: ${problem}`),
  );
  return new AppError(
    "conflict",
    `${summed(verdicts)} things are not as they should be:\n${lines.join("\n")}`,
  );
};
