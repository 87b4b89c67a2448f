import type { Db, Document } from "mongodb";
import { inOrder, withNamed } from "../read/in-order.ts";
import { listed, MERGED_RUNS, newOf, RUN_SUMMARIES } from "../state/plan.ts";
import type { Job } from "../state/state.ts";
import type { StoredDocument } from "../transform/documents.ts";
import { insertAbsent } from "./insert.ts";

const BATCH = 500;
const RUNS = newOf("load_test_runs");

/**
 * Gives each run the summary of its records, which is in a collection of its own: the runs are copied with it in one pass,
 * since changing them one by one takes too long on some servers. The copy then takes the name of the first one.
 */
export const mergeRunSummaries = async (
  deps: {
    readonly db: Db;
    readonly save: (job: Job) => Promise<void>;
    readonly onProgress: (done: number) => void;
  },
  begun: Job,
): Promise<void> => {
  const { db, save, onProgress } = deps;
  let job = begun;
  if (!job.done) {
    const summaries = db.collection<StoredDocument>(RUN_SUMMARIES);
    const runs = inOrder(db, RUNS, job.last);
    let waiting: StoredDocument[] = [];
    const flush = async (): Promise<void> => {
      await insertAbsent(db, MERGED_RUNS, waiting);
      const last = waiting.at(-1);
      job = {
        ...job,
        copied: job.copied + waiting.length,
        ...(last === undefined ? {} : { last: { id: last._id } }),
      };
      waiting = [];
      await save(job);
      onProgress(job.copied);
    };
    for await (const [run, found] of withNamed(runs, ({ _id }) => _id, summaries)) {
      const own: Document = found === null ? {} : { summary: found["summary"] as unknown };
      waiting.push({ ...run, ...own });
      if (waiting.length >= BATCH) await flush();
    }
    job = { ...job, done: true };
    await flush();
  }
  // A kill may have come between any two of these.
  const collections = await listed(db);
  if (collections.some(({ name }) => name === MERGED_RUNS)) {
    await db.collection(RUNS).drop();
    await db.renameCollection(MERGED_RUNS, RUNS);
  }
  await db.collection(RUN_SUMMARIES).drop();
};
