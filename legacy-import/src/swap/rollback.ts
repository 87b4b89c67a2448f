import type { Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { unmarkSchema } from "@load-manager/server/stores/mongo/schema.ts";
import { lockDeps, type MigrateDeps } from "../state/deps.ts";
import { type Lock, takeLock } from "../state/lock.ts";
import { backupOf, leftOf, listed, newOf, rollbackOf, TEMPORARY, TODAY } from "../state/plan.ts";
import { refuseWhileServed } from "./served.ts";
import { readState, type State } from "../state/state.ts";
import { finishSwap } from "./finish.ts";
import { renameAll } from "./swap.ts";

const nothing = (): AppError =>
  new AppError("conflict", "There is no migration of this database to roll back.");

/** Drops the migration's own collections; the backups have all their documents. */
const dropOwn = async (db: Db, lock: Lock, { targets }: State): Promise<void> => {
  for (const { name, sources } of targets) {
    await lock.assertOwned();
    await db.collection(newOf(name)).drop();
    for (const source of sources) await db.collection(leftOf(source.name)).drop();
  }
  for (const name of TEMPORARY) await db.collection(name).drop();
};

/** Gives up a migration before its swap. */
const giveUp = async (db: Db, lock: Lock, state: State): Promise<string[]> => {
  await dropOwn(db, lock, state);
  for (const { name, timeSeries } of state.targets.flatMap(({ sources }) => sources)) {
    await lock.assertOwned();
    if (timeSeries) await db.collection(backupOf(name, state.stamp)).drop();
  }
  await lock.remove();
  return [
    "The migration had not swapped any collection yet. Its copies are removed; the older data are unchanged.",
  ];
};

const begin = async (db: Db, lock: Lock, state: State): Promise<State> => {
  const existing = new Set((await listed(db)).map(({ name }) => name));
  const sources = state.targets.flatMap((target) => target.sources.map(({ name }) => name));
  const missing = sources
    .map((name) => backupOf(name, state.stamp))
    .filter((name) => !existing.has(name));
  if (missing.length > 0) {
    throw new AppError(
      "conflict",
      `The backups are gone (${missing.join(", ")}): a rollback is impossible. Nothing has been changed.`,
    );
  }
  const today = TODAY.filter((name) => existing.has(name));
  const renames = rollbackOf(state.targets, today, state.stamp);
  const next: State = { ...state, phase: "rollback", renames, renamed: 0 };
  await lock.save(next);
  return next;
};

/** Gives the older data their names back and keeps today's data under other names. Resolves with lines for a person. */
export const rollback = async (deps: MigrateDeps): Promise<string[]> => {
  const { db } = deps;
  if ((await readState(db)) === undefined) throw nothing();
  await refuseWhileServed(deps);
  const lock = await takeLock(db, lockDeps(deps));
  try {
    let state = await readState(db);
    if (state === undefined) throw nothing();
    if (state.phase === "copy" || state.phase === "verify") return await giveUp(db, lock, state);
    // A half-done swap cannot be rolled back, so it is finished first.
    if (state.phase === "swap") state = await finishSwap(db, lock, state);
    if (state.phase !== "rollback") state = await begin(db, lock, state);
    await unmarkSchema(db);
    const { stamp, renames } = state;
    let current = state;
    await renameAll(db, renames, state.renamed, lock.assertOwned, async (renamed) => {
      current = { ...current, renamed };
      await lock.save(current);
    });
    await dropOwn(db, lock, current);
    await lock.remove();
    const aside = renames.filter(({ to }) => to.endsWith(`__undone_${stamp}`));
    return [
      "The older data have their names back.",
      `Newer data are kept in ${aside.map(({ to }) => to).join(", ")}.`,
      "load-manager migrate cleanup --yes removes those.",
    ];
  } finally {
    await lock.release();
  }
};

const KEPT = /^(.+)__(backup|undone)_\d{8}T\d{6}$/;

/** The collections that cleanup drops, and the collections of left documents, which it always keeps. */
export const removable = async (
  db: Db,
): Promise<{ readonly remove: string[]; readonly keep: string[] }> => {
  const names = (await listed(db)).map(({ name }) => name);
  const own = [...TODAY, "test_runs"];
  return {
    remove: names.filter((name) => own.includes(KEPT.exec(name)?.[1] ?? "")).toSorted(),
    keep: names.filter((name) => own.some((one) => name === leftOf(one))).toSorted(),
  };
};

/** Drops the backups of a finished migration. Rejects with AppError conflict while a migration is not finished. */
export const cleanup = async (deps: MigrateDeps): Promise<string[]> => {
  const { db } = deps;
  const state = await readState(db);
  if (state !== undefined && state.phase !== "done") {
    throw new AppError(
      "conflict",
      "A migration or its rollback is not finished and needs the backups. Finish it first.",
    );
  }
  await refuseWhileServed(deps);
  const lock = await takeLock(db, lockDeps(deps));
  try {
    const { remove } = await removable(db);
    for (const name of remove) await db.collection(name).drop();
    return remove;
  } finally {
    await lock.release();
  }
};
