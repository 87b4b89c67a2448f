import type { Db } from "mongodb";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { unmarkSchema } from "@load-manager/server/stores/mongo/schema.ts";
import { finishSwap, lockDeps, type MigrateDeps, TODAY } from "../migrate.ts";
import { backupOf, leftOf, listed, newOf, rollbackOf, SORTING } from "../plan.ts";
import { type Held, readState, type State, takeLock } from "../state.ts";
import { renameAll } from "./swap.ts";

const nothing = (): AppError =>
  new AppError("conflict", "There is no migration of this database to roll back.");

/** What a migration has made of its own, before or beside the swap; every document in it is in the backups too. */
const dropOwn = async (db: Db, held: Held, { targets }: State): Promise<void> => {
  for (const { name, sources } of targets) {
    await held.mine();
    await db.collection(newOf(name)).drop();
    for (const source of sources) await db.collection(leftOf(source.name)).drop();
  }
  await db.collection(SORTING).drop();
};

/** Gives up a migration that has not swapped anything yet. */
const giveUp = async (db: Db, held: Held, state: State): Promise<string[]> => {
  await dropOwn(db, held, state);
  for (const { name, timeSeries } of state.targets.flatMap(({ sources }) => sources)) {
    await held.mine();
    if (timeSeries) await db.collection(backupOf(name, state.stamp)).drop();
  }
  await held.remove();
  return [
    "Nothing had been swapped: what the migration had made is gone, the older data are as they were.",
  ];
};

const begin = async (db: Db, held: Held, state: State): Promise<State> => {
  const there = new Set((await listed(db)).map(({ name }) => name));
  const sources = state.targets.flatMap((target) => target.sources.map(({ name }) => name));
  const missing = sources
    .map((name) => backupOf(name, state.stamp))
    .filter((name) => !there.has(name));
  if (missing.length > 0) {
    throw new AppError(
      "conflict",
      `The backups are gone (${missing.join(", ")}): there is nothing to go back to. Nothing has been changed.`,
    );
  }
  const today = TODAY.filter((name) => there.has(name));
  const renames = rollbackOf(state.targets, today, state.stamp);
  const next: State = { ...state, phase: "rollback", renames, renamed: 0 };
  await held.save(next);
  return next;
};

/** Puts the older data back in their places; what was written since stands aside. → lines for a person */
export const rollback = async (deps: MigrateDeps): Promise<string[]> => {
  const { db } = deps;
  if ((await readState(db)) === undefined) throw nothing();
  const held = await takeLock(db, lockDeps(deps));
  try {
    let state = await readState(db);
    if (state === undefined) throw nothing();
    if (state.phase === "copy" || state.phase === "verify") return await giveUp(db, held, state);
    // Half a swap has no way back; a whole one has.
    if (state.phase === "swap") state = await finishSwap(db, held, state);
    if (state.phase !== "rollback") state = await begin(db, held, state);
    await unmarkSchema(db);
    const { stamp, renames } = state;
    let current = state;
    await renameAll(db, renames, state.renamed, held.mine, async (renamed) => {
      current = { ...current, renamed };
      await held.save(current);
    });
    await dropOwn(db, held, current);
    await held.remove();
    const aside = renames.filter(({ to }) => to.endsWith(`__undone_${stamp}`));
    return [
      "The older data are back under their names.",
      `What today's program had is kept in ${aside.map(({ to }) => to).join(", ")}.`,
      "load-manager migrate cleanup --yes removes those.",
    ];
  } finally {
    await held.release();
  }
};

const KEPT = /^(.+)__(backup|undone)_\d{8}T\d{6}$/;

/** The collections that cleanup takes away, and those with documents that were left, which it never does. */
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

/** Removes the backups of a finished migration. Rejects with AppError conflict while one is under way. */
export const cleanup = async (deps: MigrateDeps): Promise<string[]> => {
  const { db } = deps;
  const state = await readState(db);
  if (state !== undefined && state.phase !== "done") {
    throw new AppError(
      "conflict",
      "A migration, or its rollback, is not finished: its backups are needed. Finish it first.",
    );
  }
  const held = await takeLock(db, lockDeps(deps));
  try {
    const { remove } = await removable(db);
    for (const name of remove) await db.collection(name).drop();
    return remove;
  } finally {
    await held.release();
  }
};
