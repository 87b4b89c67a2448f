import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { Scope } from "@load-manager/contract/model/primitives.ts";
import { scopeOf } from "@load-manager/contract/model/scope.ts";
import type { ScopeCount } from "@load-manager/contract/model/scope-count.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic } from "../lib/periodic.ts";
import type { LoadTestStore } from "../stores/model/load-test.ts";
import type { ScopeCountStore } from "../stores/model/scope-count.ts";
import type { RunReader } from "../stores/model/load-test-run.ts";
import { type Change, type HintReader, loadTestChange, MANY, runChange } from "./hints.ts";

const POLL_MS = 1000;
/** The clocks of servers may differ by this much, and a write may take so long. */
const OVERLAP_MS = 15_000;
/** More changes than this are not told one by one. */
const MOST_AT_ONCE = 200;

type Stamp = { readonly version: number; readonly updatedAt: number };

const isNewer = (one: Stamp, other: Stamp | undefined): boolean =>
  other === undefined || one.version > other.version || one.updatedAt > other.updatedAt;

/** What has been told already, for as long as a poll may find it again. */
const createTold = () => {
  const stamps = new Map<string, Stamp>();
  return {
    /** Whether it is new; it is not the next time. */
    take: (kind: string, { id, version, updatedAt }: Stamp & { readonly id: string }): boolean => {
      const key = `${kind} ${id}`;
      if (!isNewer({ version, updatedAt }, stamps.get(key))) return false;
      stamps.set(key, { version, updatedAt });
      return true;
    },
    forgetBefore: (since: number): void => {
      for (const [key, { updatedAt }] of stamps) if (updatedAt < since) stamps.delete(key);
    },
  };
};

/** A load test that is gone; `updatedAt` is the time of its deletion. */
type Deleted = Scope & Stamp & { readonly id: string };

const deletedSince = (counts: readonly ScopeCount[], since: number): Deleted[] =>
  counts.flatMap((count) =>
    count.deletedLoadTests
      .filter(({ at }) => at >= since)
      .map(({ id, version, at }) => ({ ...scopeOf(count), id, version, updatedAt: at })),
  );

type Sources = {
  readonly loadTests: Pick<LoadTestStore, "changedSince">;
  /** They have what was deleted. */
  readonly scopeCounts: Pick<ScopeCountStore, "changedSince">;
  readonly runs: Pick<RunReader, "changedSince">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
};

/** What has changed since a time, whichever server has changed it. */
const createLook =
  ({ loadTests, scopeCounts, runs }: Sources) =>
  async (since: number) => {
    const changedRuns = await runs.changedSince(since, MOST_AT_ONCE);
    const changedTests = await loadTests.changedSince(since, MOST_AT_ONCE);
    const counts = await scopeCounts.changedSince(since, MOST_AT_ONCE);
    return {
      runs: changedRuns,
      loadTests: changedTests,
      deleted: deletedSince(counts, since),
      isFull: [changedRuns, changedTests, counts].some(({ length }) => length >= MOST_AT_ONCE),
    };
  };

/**
 * Tells readers what changes: this server's own writes at once, as it is told of them; other servers' writes by a look into
 * the store once a second, while there are readers. Nothing is kept for readers to come.
 */
export const createChanges = (sources: Sources) => {
  const { clock, log } = sources;
  const changedSince = createLook(sources);
  const readers = new Set<HintReader>();
  const told = createTold();
  let poll: Periodic | undefined;
  /** Whether a look has learnt what has changed before. Only then do readers begin: what they read next is not older. */
  let hasLooked = false;

  const tell = (change: Change): void => {
    for (const reader of readers) reader.offer(change);
  };
  const noteLoadTest = (loadTest: LoadTest): void => {
    if (readers.size > 0 && told.take("loadTest", loadTest)) tell(loadTestChange(loadTest));
  };
  const noteDeleted = (loadTest: Deleted): void => {
    if (readers.size > 0 && told.take("deleted", loadTest)) tell(loadTestChange(loadTest, true));
  };
  const noteRun = (run: LoadTestRun): void => {
    if (readers.size > 0 && told.take("run", run)) tell(runChange(run));
  };

  const startPolling = (): Periodic => {
    let polledAt: number | undefined;
    const periodic = createPeriodic({
      name: "changes_read",
      intervalMs: POLL_MS,
      log,
      job: async () => {
        if (readers.size === 0) {
          poll = undefined;
          hasLooked = false;
          told.forgetBefore(Number.POSITIVE_INFINITY);
          return "done";
        }
        const now = clock.now();
        const since = Math.min(polledAt ?? now, now) - OVERLAP_MS;
        const changed = await changedSince(since);
        polledAt = now;
        if (!hasLooked) {
          for (const run of changed.runs) told.take("run", run);
          for (const loadTest of changed.loadTests) told.take("loadTest", loadTest);
          for (const one of changed.deleted) told.take("deleted", one);
          hasLooked = true;
          for (const reader of readers) reader.begin();
          return undefined;
        }
        for (const run of changed.runs) noteRun(run);
        for (const loadTest of changed.loadTests) noteLoadTest(loadTest);
        for (const one of changed.deleted) noteDeleted(one);
        if (changed.isFull) tell(MANY);
        told.forgetBefore(since);
        return undefined;
      },
    });
    periodic.start();
    return periodic;
  };

  return {
    tell,
    noteLoadTest,
    noteLoadTestGone: (loadTest: LoadTest): void =>
      noteDeleted({ ...loadTest, updatedAt: clock.now() }),
    noteRun,
    /** Returns what removes the reader. */
    add: (reader: HintReader): (() => void) => {
      readers.add(reader);
      poll ??= startPolling();
      if (hasLooked) reader.begin();
      return () => {
        readers.delete(reader);
        if (readers.size === 0) poll?.wake();
      };
    },
  };
};
export type Changes = ReturnType<typeof createChanges>;
