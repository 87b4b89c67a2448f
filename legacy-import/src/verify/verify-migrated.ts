import { AppError } from "@load-manager/server/lib/errors.ts";
import type { MigrateDeps } from "../state/deps.ts";
import { listed } from "../state/plan.ts";
import { readState } from "../state/state.ts";
import type { Context } from "../transform/entity.ts";
import { placesAfterSwap } from "./places.ts";
import type { Verification } from "./verification.ts";
import { verifyAll } from "./verify.ts";

/** Verifies a migrated database once more, while its backups exist. Changes nothing. */
export const verifyMigrated = async (
  { db, ids, onProgress }: MigrateDeps,
  { mapping }: Pick<Context, "mapping">,
): Promise<Verification[]> => {
  const state = await readState(db);
  if (state === undefined) {
    throw new AppError(
      "conflict",
      "This database has not been migrated: there is nothing to verify.",
    );
  }
  if (state.phase !== "done") {
    throw new AppError(
      "conflict",
      "The migration of this database is not finished. Resume it: load-manager migrate --mapping …",
    );
  }
  const places = placesAfterSwap(state);
  const existing = new Set((await listed(db)).map(({ name }) => name));
  const gone = places.flatMap(({ older }) => older.filter((name) => !existing.has(name)));
  if (gone.length > 0) {
    throw new AppError(
      "conflict",
      `The backups to compare with have been removed: ${gone.join(", ")}.`,
    );
  }
  return verifyAll(
    {
      db,
      ids,
      context: { mapping, keepActive: state.keepActive },
      onProgress: (name, done) => onProgress(`verifying ${name}`, done, 0),
    },
    places,
  );
};
