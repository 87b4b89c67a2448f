import type { LoadTest, RecentRun } from "@load-manager/contract/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { AppError } from "../../lib/errors.ts";
import { canBecome } from "../../runs/domain/states.ts";
import type { LoadTestStore, RunGuard, RunStore } from "../ports.ts";

export const taken = (what: string, id: string): AppError =>
  new AppError("conflict", `There is a ${what} with the id ${JSON.stringify(id)} already.`);

export const revisionTaken = (loadTestId: string, revisionNumber: number): AppError =>
  new AppError(
    "conflict",
    `There is a script revision ${revisionNumber} of the load test ${JSON.stringify(loadTestId)} already.`,
  );

/** The entity with the patch's fields: `null` takes the field away, `undefined` leaves it. */
const patched = <T extends object>(entity: T, patch: object): T => {
  const fields = new Map<string, unknown>(Object.entries(entity));
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) fields.delete(field);
    else if (value !== undefined) fields.set(field, value);
  }
  return Object.fromEntries(fields) as T;
};

/** What an edit makes of the load test; `undefined` where the version is another. */
export const editedLoadTest = (
  stored: LoadTest,
  version: number,
  patch: Parameters<LoadTestStore["update"]>[2],
): LoadTest | undefined =>
  stored.version === version
    ? { ...patched(stored, patch), id: stored.id, version: stored.version + 1 }
    : undefined;

export const withRecentRuns = (
  stored: LoadTest,
  recentRunsVersion: number,
  recentRuns: readonly RecentRun[],
  updatedAt: number,
): LoadTest | undefined =>
  stored.recentRunsVersion === recentRunsVersion
    ? {
        ...stored,
        recentRuns: [...recentRuns],
        recentRunsVersion: stored.recentRunsVersion + 1,
        updatedAt,
      }
    : undefined;

/** What an update makes of the run; `undefined` where the guard does not hold. Throws AppError conflict for a change of state that is not in the table. */
export const updatedRun = (
  stored: LoadTestRun,
  guard: RunGuard,
  patch: Parameters<RunStore["update"]>[2],
): LoadTestRun | undefined => {
  if (stored.version !== guard.version) return undefined;
  if (guard.fence !== undefined && stored.fence !== guard.fence) return undefined;
  const next = { ...patched(stored, patch), id: stored.id, version: stored.version + 1 };
  if (!canBecome(stored.status, next.status)) {
    throw new AppError(
      "conflict",
      `The run ${stored.id} is ${stored.status}; it cannot become ${next.status}.`,
    );
  }
  return next;
};
