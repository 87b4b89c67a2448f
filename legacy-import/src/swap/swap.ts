import type { Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { listed, type Rename } from "../state/plan.ts";

/** What is left to do of a rename. Throws AppError conflict where it must not be done. */
export const pendingOf = (
  { from, to, drop }: Rename,
  existing: ReadonlySet<string>,
): "rename" | "drop" | "done" => {
  const [hasOld, hasNew] = [existing.has(from), existing.has(to)];
  if (drop === true) return hasOld ? "drop" : "done";
  if (hasOld && !hasNew) return "rename";
  if (!hasOld && hasNew) return "done";
  throw new AppError(
    "conflict",
    hasOld
      ? `Both ${from} and ${to} exist. A program wrote into the database during the migration: is an older program still running? Stop it, inspect ${from} and ${to}, rename one of them by hand, and start again.`
      : `Neither ${from} nor ${to} exists; somebody has removed it. Restore it from your backup, and start again.`,
  );
};

const recreated = (name: string): AppError =>
  new AppError(
    "conflict",
    `${name} is no longer a time series: a program has created it again, so the migration does not drop it. Is an older program still running? Stop it, inspect ${name}, rename it by hand, and start again.`,
  );

/**
 * Does the renames of a stored list from number `done` on. After a kill between a rename and the call of `record` the
 * existing names show what was done. `assertOwned` rejects where another process has taken over: a name may then hold
 * today's data.
 */
export const renameAll = async (
  db: Db,
  renames: readonly Rename[],
  done: number,
  assertOwned: () => Promise<void>,
  record: (done: number) => Promise<void>,
): Promise<void> => {
  for (const [index, rename] of renames.entries()) {
    if (index < done) continue;
    const types = new Map((await listed(db)).map(({ name, type }) => [name, type]));
    const what = pendingOf(rename, new Set(types.keys()));
    if (what === "drop" && types.get(rename.from) !== "timeseries") throw recreated(rename.from);
    if (what !== "done") await assertOwned();
    if (what === "rename") await db.renameCollection(rename.from, rename.to);
    else if (what === "drop") await db.collection(rename.from).drop();
    await record(index + 1);
  }
};
