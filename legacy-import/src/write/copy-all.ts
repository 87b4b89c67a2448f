import type { Db, Document } from "mongodb";
import { fromDocument } from "@load-manager/server/stores/mongo/document.ts";
import type { MigrateDeps } from "../state/deps.ts";
import type { Lock } from "../state/lock.ts";
import { backupOf, listed, newOf, readFrom, SORTING, type Target } from "../state/plan.ts";
import {
  createRevisionIndex,
  createRunIndex,
  reserveNumbers,
  type RevisionIndex,
  type RunIndex,
} from "../transform/indexes.ts";
import { type Job, NEW_JOB, type State } from "../state/state.ts";
import type { Context } from "../transform/entity.ts";
import { createSteps } from "../transform/steps.ts";
import { createIndexes } from "./indexes.ts";
import { copySource, prepareTarget } from "./copy.ts";
import { writeMetricRecords } from "./metric-records.ts";
import { mergeRunSummaries } from "./run-summaries.ts";
import { copyTimeSeries } from "./time-series.ts";

/** The job that converts the sorted snapshots into records. */
const METRIC_RECORDS = "metric_records";
/** The job that gives the runs the summaries of their records. */
const RUN_SUMMARY_JOB = "run_summaries";

const forEachEntity = async <T>(db: Db, name: string, add: (entity: T) => void): Promise<void> => {
  for await (const document of db.collection<Document>(name).find()) {
    add(fromDocument<T>(document, "nameKey"));
  }
};

/** Fills the indexes that a target's step reads. They are in memory only, so a resumed migration fills them again. */
const fillIndexes = async (
  db: Db,
  stamp: string,
  target: Target,
  { runs, revisions }: { runs: RunIndex; revisions: RevisionIndex },
): Promise<void> => {
  if (target.name === "load_tests") {
    await forEachEntity(db, newOf("load_test_runs"), runs.add);
    await forEachEntity(db, newOf("script_revisions"), revisions.add);
  }
  if (target.name !== "script_revisions") return;
  const older = target.sources.map((source) => readFrom(stamp, source));
  await reserveNumbers(db, older, revisions);
  await forEachEntity(db, newOf("script_revisions"), revisions.add);
};

/** The jobs of a state, each saved with the whole state. */
const jobsOf = (lock: Lock, started: State) => {
  let state = started;
  return {
    state: () => state,
    of: (name: string): Job => state.jobs[name] ?? NEW_JOB,
    saver: (name: string) => async (job: Job) => {
      state = { ...state, jobs: { ...state.jobs, [name]: job } };
      await lock.save(state);
    },
  };
};
type Jobs = ReturnType<typeof jobsOf>;

/** Copies time series into plain collections. These are read, and are the backups, since a time series cannot be renamed. */
const copyTimeSeriesOf = async (
  { db, onProgress }: MigrateDeps,
  stamp: string,
  target: Target,
  jobs: Jobs,
): Promise<void> => {
  for (const source of target.sources.filter(({ timeSeries }) => timeSeries)) {
    const name = `${source.name}_plain`;
    if (jobs.of(name).done) continue;
    const total = await db.collection(source.name).estimatedDocumentCount();
    const backup = backupOf(source.name, stamp);
    await copyTimeSeries(db, source, backup, (done) => onProgress(backup, done, total));
    await jobs.saver(name)({ ...NEW_JOB, done: true });
  }
};

const copyTarget = async (
  deps: MigrateDeps,
  context: Context,
  target: Target,
  jobs: Jobs,
): Promise<void> => {
  const { db, ids, onProgress } = deps;
  if (target.sources.every(({ name }) => jobs.of(name).done)) return;
  const { stamp } = jobs.state();
  await copyTimeSeriesOf(deps, stamp, target, jobs);
  const seen = await prepareTarget(
    db,
    target.name,
    target.sources.map(({ name }) => jobs.of(name)),
  );
  const indexes = { runs: createRunIndex(), revisions: createRevisionIndex() };
  await fillIndexes(db, stamp, target, indexes);
  const step = createSteps(context, { ids, ...indexes })[target.name];
  if (step === undefined) throw new Error(`no step for ${target.name}`);
  for (const source of target.sources) {
    const from = readFrom(stamp, source);
    const total = await db.collection(from).estimatedDocumentCount();
    const own = {
      save: jobs.saver(source.name),
      onProgress: (done: number) => onProgress(source.name, done, total),
    };
    await copySource({ db, step, source, from, seen, ...own }, jobs.of(source.name));
  }
};

/** Copies everything into `<name>__new`, from wherever it was interrupted. */
export const copyAll = async (
  deps: MigrateDeps,
  context: Context,
  lock: Lock,
  started: State,
): Promise<State> => {
  const { db, onProgress } = deps;
  const jobs = jobsOf(lock, started);
  const existing = new Set((await listed(db)).map(({ name }) => name));
  const create = async (name: string): Promise<void> => {
    if (!existing.has(name)) await db.createCollection(name);
  };
  // Load tests list their newest runs with their summaries, which come with the records of metrics.
  const isLoadTests = ({ name }: Target): boolean => name === "load_tests";
  for (const target of started.targets) {
    await create(newOf(target.name));
    if (target.name === "metrics_timeseries") await create(SORTING);
    if (!isLoadTests(target)) await copyTarget(deps, context, target, jobs);
  }
  const records = jobs.of(METRIC_RECORDS);
  const total = records.done ? 0 : await db.collection(SORTING).estimatedDocumentCount();
  await writeMetricRecords(
    {
      db,
      save: jobs.saver(METRIC_RECORDS),
      onProgress: (done) => onProgress("metric records", done, total),
    },
    records,
  );
  await mergeRunSummaries(
    {
      db,
      save: jobs.saver(RUN_SUMMARY_JOB),
      onProgress: (done) => onProgress("summaries of runs", done, 0),
    },
    jobs.of(RUN_SUMMARY_JOB),
  );
  for (const target of started.targets.filter(isLoadTests))
    await copyTarget(deps, context, target, jobs);
  for (const { name } of started.targets) await createIndexes(db, name, newOf(name));
  return jobs.state();
};
