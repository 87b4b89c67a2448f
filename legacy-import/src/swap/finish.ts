import type { Db } from "mongodb";
import { ensureIndexes } from "@load-manager/server/stores/mongo/indexes.ts";
import { markSchema } from "@load-manager/server/stores/mongo/schema.ts";
import type { Lock } from "../state/lock.ts";
import { TEMPORARY } from "../state/plan.ts";
import type { State } from "../state/state.ts";
import { renameAll } from "./swap.ts";

/** Does the renames that are left, creates today's indexes, and marks the database as one of today's schema. */
export const finishSwap = async (db: Db, lock: Lock, started: State): Promise<State> => {
  let state = started;
  await renameAll(db, state.renames, state.renamed, lock.assertOwned, async (renamed) => {
    state = { ...state, renamed };
    await lock.save(state);
  });
  await ensureIndexes(db);
  for (const name of TEMPORARY) await db.collection(name).drop();
  await markSchema(db);
  state = { ...state, phase: "done" };
  await lock.save(state);
  return state;
};
