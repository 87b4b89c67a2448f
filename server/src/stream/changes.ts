import type { LoadTest } from "@load-manager/contract/model/load-test.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../lib/clock.ts";
import type { Log } from "../lib/log.ts";
import { createPeriodic, type Periodic } from "../lib/periodic.ts";
import type { LoadTestStore } from "../stores/model/load-test.ts";
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

type Sources = {
  readonly loadTests: Pick<LoadTestStore, "changedSince">;
  readonly runs: Pick<RunReader, "changedSince">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
};

/**
 * Tells readers what changes: this server's own writes at once, as it is told of them; other servers' writes by a look into
 * the store once a second, while there are readers. Nothing is kept for readers to come.
 */
export const createChanges = ({ loadTests, runs, clock, log }: Sources) => {
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
        const changedRuns = await runs.changedSince(since, MOST_AT_ONCE);
        const changedTests = await loadTests.changedSince(since, MOST_AT_ONCE);
        polledAt = now;
        if (!hasLooked) {
          for (const run of changedRuns) told.take("run", run);
          for (const loadTest of changedTests) told.take("loadTest", loadTest);
          hasLooked = true;
          for (const reader of readers) reader.begin();
          return undefined;
        }
        for (const run of changedRuns) noteRun(run);
        for (const loadTest of changedTests) noteLoadTest(loadTest);
        const isFull = [changedRuns, changedTests].some(({ length }) => length >= MOST_AT_ONCE);
        if (isFull) tell(MANY);
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
    noteLoadTestGone: (loadTest: LoadTest): void => tell(loadTestChange(loadTest, true)),
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
