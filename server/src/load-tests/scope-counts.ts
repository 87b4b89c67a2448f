import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { SCOPE_LEVELS, scopeOf } from "@load-manager/contract/model/scope.ts";
import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { ScopeCount } from "@load-manager/contract/model/scope-count.ts";
import type { Clock } from "../lib/clock.ts";
import { AppError } from "../lib/errors.ts";
import type { Stores } from "../stores/ports.ts";

type Deps = Pick<Stores, "scopeCounts"> & { readonly clock: Pick<Clock, "now"> };

/** Streams of other servers find a deletion in this time. */
const DELETED_MS = 60_000;
const MOST_DELETED = 200;
/** A load test that was counted is stored by then, or never. */
const SETTLED_MS = 600_000;
/** How often a recount begins again because others write counts at the same time. */
const RECOUNTS = 5;

const idOf = (scope: Scope): string =>
  SCOPE_LEVELS.flatMap((level) => scope[level] ?? []).join("/");

/** Whether the count is stored; not where another writer has made one meanwhile. */
const isInserted = async (
  { scopeCounts, clock }: Deps,
  scope: Scope,
  loadTests: number,
): Promise<boolean> => {
  const of = scopeOf(scope);
  const updatedAt = clock.now();
  try {
    await scopeCounts.create({
      id: idOf(of),
      ...of,
      loadTests,
      deletedLoadTests: [],
      updatedAt,
      version: 1,
    });
    return true;
  } catch (error) {
    if (error instanceof AppError && error.kind === "conflict") return false;
    throw error;
  }
};

/**
 * Counts a load test that is going to be stored. What is never stored is counted too much until the next recount: a scope
 * is rather listed without load tests than load tests without their scope.
 */
export const countCreated = async (deps: Deps, loadTest: LoadTest): Promise<void> => {
  const { scopeCounts, clock } = deps;
  for (;;) {
    const known = await scopeCounts.get(idOf(loadTest));
    if (known === undefined) {
      if (await isInserted(deps, loadTest, 1)) return;
      continue;
    }
    const patch = { loadTests: known.loadTests + 1, updatedAt: clock.now() };
    if ((await scopeCounts.update(known.id, known.version, patch)) !== undefined) return;
  }
};

/** Counts a load test no more that has been deleted, and keeps its id for a minute, in which streams of other servers tell it. */
export const countDeleted = async (
  deps: Deps,
  { id, version, ...scope }: LoadTest,
): Promise<void> => {
  const { scopeCounts, clock } = deps;
  for (;;) {
    const known = await scopeCounts.get(idOf(scope));
    if (known === undefined) {
      await isInserted(deps, scope, 0);
      continue;
    }
    const at = clock.now();
    const recent = known.deletedLoadTests.filter((one) => one.at > at - DELETED_MS);
    const patch = {
      loadTests: Math.max(0, known.loadTests - 1),
      deletedLoadTests: [...recent, { id, version, at }].slice(-MOST_DELETED),
      updatedAt: at,
    };
    if ((await scopeCounts.update(known.id, known.version, patch)) !== undefined) return;
  }
};

type Counted = { readonly scope: Scope; loadTests: number };

const countAll = async (loadTests: Stores["loadTests"]): Promise<Map<string, Counted>> => {
  const counted = new Map<string, Counted>();
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const query = { limit: 200, sort: "-createdAt" as const, cursor };
    const { items, nextCursor } = await loadTests.list(query, [{}]);
    for (const scope of items) {
      const known = counted.get(idOf(scope));
      if (known === undefined) counted.set(idOf(scope), { scope, loadTests: 1 });
      else known.loadTests += 1;
    }
    cursor = nextCursor;
  }
  return counted;
};

/** Whether the count is right now; false where others have written it meanwhile. */
const isCorrected = async (
  deps: Deps,
  known: ScopeCount | undefined,
  counted: Counted | undefined,
): Promise<boolean> => {
  const { scopeCounts, clock } = deps;
  const loadTests = counted?.loadTests ?? 0;
  if (known === undefined)
    return counted === undefined || isInserted(deps, counted.scope, loadTests);
  const { id, version, updatedAt } = known;
  const isSettled = updatedAt < clock.now() - SETTLED_MS;
  if (loadTests === 0 && isSettled) return scopeCounts.delete(id, version);
  const isWrong = loadTests > known.loadTests || (loadTests < known.loadTests && isSettled);
  if (!isWrong) return true;
  return (
    (await scopeCounts.update(id, version, { loadTests, updatedAt: clock.now() })) !== undefined
  );
};

/**
 * Counts all load tests anew: those of a store that has no counts yet, and those whose writer ended between the load test and
 * its count. Counts are read before load tests, so that whoever writes meanwhile has changed a version.
 */
export const recountScopes = async (
  deps: Deps & { readonly loadTests: Stores["loadTests"] },
): Promise<void> => {
  let isRight = false;
  for (let tries = 0; tries < RECOUNTS && !isRight; tries += 1) {
    const known = new Map((await deps.scopeCounts.all()).map((count) => [count.id, count]));
    const counted = await countAll(deps.loadTests);
    isRight = true;
    for (const id of new Set([...known.keys(), ...counted.keys()]))
      if (!(await isCorrected(deps, known.get(id), counted.get(id)))) isRight = false;
  }
};
