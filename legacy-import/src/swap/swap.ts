import type { Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { COLLECTIONS, type Index } from "@load-manager/server/stores/mongo/indexes.ts";
import { listed, type Rename } from "../plan.ts";

/** What has to be done of a rename, by what is there. Throws AppError conflict where it must not be done. */
export const pendingOf = (
  { from, to, drop }: Rename,
  there: ReadonlySet<string>,
): "rename" | "drop" | "done" => {
  const [old, made] = [there.has(from), there.has(to)];
  if (drop === true) return old ? "drop" : "done";
  if (old && !made) return "rename";
  if (!old && made) return "done";
  throw new AppError(
    "conflict",
    old
      ? `Both ${from} and ${to} exist. Something wrote into the database while it was being migrated: is an older program still running? Stop it, move ${from} or ${to} away by hand after looking into it, and start again.`
      : `Neither ${from} nor ${to} exists; somebody has removed it. Put it back from your backup, and start again.`,
  );
};

const recreated = (name: string): AppError =>
  new AppError(
    "conflict",
    `${name} is no time series any more: somebody has made it anew, and it is not removed. Is an older program still running? Stop it, move ${name} away by hand after looking into it, and start again.`,
  );

/**
 * Does a recorded list of renames from where it stands. A kill between a rename and its record is seen by what is there.
 * `mine` rejects where another process has taken over: what is under a name then may be today's data.
 */
export const renameAll = async (
  db: Db,
  renames: readonly Rename[],
  done: number,
  mine: () => Promise<void>,
  record: (done: number) => Promise<void>,
): Promise<void> => {
  for (const [index, rename] of renames.entries()) {
    if (index < done) continue;
    const types = new Map((await listed(db)).map(({ name, type }) => [name, type]));
    const what = pendingOf(rename, new Set(types.keys()));
    if (what === "drop" && types.get(rename.from) !== "timeseries") throw recreated(rename.from);
    if (what !== "done") await mine();
    if (what === "rename") await db.renameCollection(rename.from, rename.to);
    else if (what === "drop") await db.collection(rename.from).drop();
    await record(index + 1);
  }
};

/** Makes the indexes that a collection of today has, on one that is still called otherwise. */
export const indexesOn = async (db: Db, target: string, collection: string): Promise<void> => {
  const indexes: readonly Index[] = COLLECTIONS[target] ?? [];
  const there = new Set(
    (await db.collection(collection).listIndexes().toArray()).map(({ name }) => String(name)),
  );
  for (const { name, key, unique } of indexes) {
    if (there.has(name)) continue;
    await db
      .collection(collection)
      .createIndex({ ...key }, { name, ...(unique ? { unique } : {}) });
  }
};
