import type { RecentRun } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { ScriptRevision } from "@load-manager/contract/model/script.ts";
import {
  NO_STATS,
  recentRunOf,
  withRecentRun,
} from "@load-manager/server/runs/domain/recent-run.ts";
import { isTerminal } from "@load-manager/server/runs/domain/states.ts";
import type { Db, Document } from "mongodb";
import { Fields } from "../read/fields.ts";
import { READ } from "../read/json.ts";

/** What a load test's document takes from its runs. */
export type RunsOfLoadTest = {
  /** The ten newest ended runs. */
  readonly recentRuns: readonly RecentRun[];
  /** How many runs it has had at least. */
  readonly count: number;
  readonly lastRunAt: number | undefined;
};

/** The runs of each load test; filled from converted runs. */
export const createRunIndex = () => {
  const known = new Map<string, { recentRuns: RecentRun[]; count: number; lastRunAt: number }>();
  return {
    add: (run: LoadTestRun): void => {
      if (run.loadTestId === undefined) return;
      const of = known.get(run.loadTestId) ?? { recentRuns: [], count: 0, lastRunAt: 0 };
      known.set(run.loadTestId, of);
      of.count = Math.max(of.count + 1, run.runNumber ?? 0);
      of.lastRunAt = Math.max(of.lastRunAt, run.startedAt ?? run.createdAt);
      if (!isTerminal(run.status)) return;
      of.recentRuns = withRecentRun(of.recentRuns, recentRunOf(run, run.summary ?? NO_STATS));
    },
    of: (loadTestId: string): RunsOfLoadTest => {
      const of = known.get(loadTestId);
      return {
        recentRuns: of?.recentRuns ?? [],
        count: of?.count ?? 0,
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
  /** The highest number in any older document. Revisions without a number get higher ones. */
  reserved: number;
};

/** The script revisions of each load test. */
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
    /** The wanted number where it is free, else the next free one. */
    numberFor: (loadTestId: string, wanted: number): number =>
      wanted > 0 && !of(loadTestId).numbers.has(wanted) ? wanted : next(loadTestId),
    has: (loadTestId: string, id: string): boolean => of(loadTestId).ids.has(id),
    withContent: (loadTestId: string, manifest: string): string | undefined =>
      of(loadTestId).byManifest.get(manifest),
    newest: (loadTestId: string): string | undefined => of(loadTestId).newest?.id,
  };
};
export type RevisionIndex = ReturnType<typeof createRevisionIndex>;

/** Keeps the numbers of older revisions free for them: revisions without a number get later ones. */
export const reserveNumbers = async (
  db: Db,
  collections: readonly string[],
  revisions: RevisionIndex,
): Promise<void> => {
  for (const name of collections) {
    for await (const document of db.collection<Document>(name).find({}, READ)) {
      const fields = new Fields(document);
      const number = fields.whole("revisionNumber", "revision");
      revisions.reserve(fields.id("loadTestId") ?? "", number ?? 0);
    }
  }
};
