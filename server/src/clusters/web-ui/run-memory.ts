import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { isBusy, snapshotOf, type Stats } from "./stats.ts";

type Known = { requests: number; over: boolean; silent: boolean; foreign: boolean; users?: number };

/** What earlier observations of a run have shown. Locust's pages do not name the run whose load they show. */
export type RunMemory = {
  /** No answer: the count may begin anew before the next one. */
  readonly noteSilence: (run: LoadTestRun) => void;
  /**
   * Whether the load on the page is not this run's: it began after this run's was over, or its count fell after a silence.
   */
  readonly isForeign: (run: LoadTestRun, stats: Stats) => boolean;
  /** Whether foreign load has been seen since the run's own was over. */
  readonly hasSeenForeign: (run: LoadTestRun) => boolean;
  /** The requests that the page showed last. */
  readonly requestsOf: (run: LoadTestRun) => number;
  /** The users that Locust was asked for last; it does not show them. */
  readonly commandedUsers: (run: LoadTestRun) => number | undefined;
  readonly noteCommand: (run: LoadTestRun, users: number) => void;
  readonly forget: (runId: string) => void;
};

export const createRunMemory = (): RunMemory => {
  const byRun = new Map<string, Known>();
  const of = (run: LoadTestRun): Known => {
    const known = byRun.get(run.id) ?? { requests: 0, over: false, silent: false, foreign: false };
    byRun.set(run.id, known);
    return known;
  };
  return {
    noteSilence: (run) => {
      of(run).silent = true;
    },
    isForeign: (run, stats) => {
      const known = of(run);
      const requests = snapshotOf(stats).totalRequests;
      const busy = isBusy(stats.state);
      if (busy && (known.over || (known.silent && requests < known.requests))) known.foreign = true;
      known.over ||= !busy && stats.user_count === 0;
      known.silent = false;
      known.requests = requests;
      return known.foreign;
    },
    hasSeenForeign: (run) => of(run).foreign,
    requestsOf: (run) => of(run).requests,
    commandedUsers: (run) => byRun.get(run.id)?.users,
    noteCommand: (run, users) => {
      of(run).users = users;
    },
    forget: (runId) => {
      byRun.delete(runId);
    },
  };
};
