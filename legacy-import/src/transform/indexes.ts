import type { RecentRun } from "@load-manager/contract/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { ScriptRevision } from "@load-manager/contract/script.ts";
import { NO_STATS, withRecentRun } from "@load-manager/server/runs/domain/recent-run.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import { recentRunOf } from "@load-manager/server/runs/domain/recent-run.ts";
import type { Around } from "./load-test.ts";

/** What the runs say of their load tests. */
export const createRunIndex = () => {
  const known = new Map<string, { recent: RecentRun[]; runs: number; lastRunAt: number }>();
  return {
    add: (run: LoadTestRun): void => {
      if (run.loadTestId === undefined) return;
      const of = known.get(run.loadTestId) ?? { recent: [], runs: 0, lastRunAt: 0 };
      known.set(run.loadTestId, of);
      of.runs = Math.max(of.runs + 1, run.runNumber ?? 0);
      of.lastRunAt = Math.max(of.lastRunAt, run.startedAt ?? run.createdAt);
      if (!isTerminal(run.status)) return;
      of.recent = withRecentRun(of.recent, recentRunOf(run, run.summary ?? NO_STATS));
    },
    of: (loadTestId: string): Around => {
      const of = known.get(loadTestId);
      return {
        recentRuns: of?.recent ?? [],
        runs: of?.runs ?? 0,
        lastRunAt: of === undefined || of.lastRunAt === 0 ? undefined : of.lastRunAt,
      };
    },
  };
};
export type RunIndex = ReturnType<typeof createRunIndex>;

type Revisions = {
  readonly numbers: Set<number>;
  readonly ids: Set<string>;
  readonly byManifest: Map<string, string>;
  newest: { readonly id: string; readonly number: number } | undefined;
  /** No lower number is given to a revision that has none. */
  reserved: number;
};

/** Which revisions a load test has. */
export const createRevisionIndex = () => {
  const known = new Map<string, Revisions>();
  const of = (loadTestId: string): Revisions => {
    const there = known.get(loadTestId) ?? {
      numbers: new Set(),
      ids: new Set(),
      byManifest: new Map(),
      newest: undefined,
      reserved: 0,
    };
    known.set(loadTestId, there);
    return there;
  };
  const next = (loadTestId: string): number => {
    const { newest, reserved } = of(loadTestId);
    return Math.max(newest?.number ?? 0, reserved) + 1;
  };
  return {
    reserve: (loadTestId: string, number: number): void => {
      const revisions = of(loadTestId);
      revisions.reserved = Math.max(revisions.reserved, number);
    },
    add: ({ id, loadTestId, revisionNumber, sha256 }: ScriptRevision): void => {
      const revisions = of(loadTestId);
      revisions.numbers.add(revisionNumber);
      revisions.ids.add(id);
      revisions.byManifest.set(sha256, id);
      if (revisionNumber > (revisions.newest?.number ?? 0)) {
        revisions.newest = { id, number: revisionNumber };
      }
    },
    /** The number that was asked for, where it is free; else the next. */
    numberFor: (loadTestId: string, wanted: number): number =>
      wanted > 0 && !of(loadTestId).numbers.has(wanted) ? wanted : next(loadTestId),
    has: (loadTestId: string, id: string): boolean => of(loadTestId).ids.has(id),
    withContent: (loadTestId: string, manifest: string): string | undefined =>
      of(loadTestId).byManifest.get(manifest),
    newest: (loadTestId: string): string | undefined => of(loadTestId).newest?.id,
  };
};
export type RevisionIndex = ReturnType<typeof createRevisionIndex>;
