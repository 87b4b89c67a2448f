import { AppError } from "@load-manager/server/lib/errors.ts";
import { afterSwap, check, type MigrateDeps, type MigrateInput } from "../migrate.ts";
import { listed } from "../plan.ts";
import { readState } from "../state.ts";
import type { Verdict } from "./verify.ts";

/** Looks at a migrated database again, as long as its backups are there. Changes nothing. */
export const verifyMigrated = async (
  deps: MigrateDeps,
  input: MigrateInput,
): Promise<Verdict[]> => {
  const state = await readState(deps.db);
  if (state === undefined) {
    throw new AppError(
      "conflict",
      "This database has not been migrated: there is nothing to verify.",
    );
  }
  if (state.phase !== "done") {
    throw new AppError(
      "conflict",
      "The migration of this database is not finished. Go on with it: load-manager migrate --mapping …",
    );
  }
  const places = afterSwap(state);
  const there = new Set((await listed(deps.db)).map(({ name }) => name));
  const gone = places.flatMap(({ old }) => old.filter((name) => !there.has(name)));
  if (gone.length > 0) {
    throw new AppError(
      "conflict",
      `There is nothing to compare with: ${gone.join(", ")} has been removed.`,
    );
  }
  return check(deps, { ...input, keepActive: state.keepActive }, places);
};
