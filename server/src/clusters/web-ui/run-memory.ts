import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { hasReportedEnd } from "../../runs/domain/states.ts";
import { isBusy, snapshotOf, type Stats } from "./stats.ts";

type Known = {
  requests: number;
  over: boolean;
  silent: boolean;
  refused: boolean;
  foreign: boolean;
  users?: number;
  /** Unix ms. */
  endSeenAt?: number;
};

/** What earlier observations of a run have shown. Locust's pages do not name the run whose load they show. */
export type RunMemory = {
  /** No answer: the count may begin anew before the next one. `refused`: nobody listened. */
  readonly noteSilence: (run: LoadTestRun, refused: boolean) => void;
  /**
   * Whether the load on the page is not this run's: it began after this run's was over, its count fell after a silence or
   * after Locust had reported its end, or it is stopped after nobody listened.
   */
  readonly isForeign: (run: LoadTestRun, stats: Stats) => boolean;
  /** When the page was first seen without the run's load, in Unix ms. */
  readonly endSeenAt: (run: LoadTestRun, now: number) => number;
  /** Whether foreign load has been seen since the run's own was over. */
  readonly hasSeenForeign: (run: LoadTestRun) => boolean;
  /** The requests that the page showed last. */
  readonly requestsOf: (run: LoadTestRun) => number;
  /** The users that Locust was asked for last; it does not show them. */
  readonly commandedUsers: (run: LoadTestRun) => number | undefined;
  readonly noteCommand: (run: LoadTestRun, users: number) => void;
  readonly forget: (runId: string) => void;
};

const UNKNOWN: Known = {
  requests: 0,
  over: false,
  silent: false,
  refused: false,
  foreign: false,
};

export const createRunMemory = (): RunMemory => {
  const byRun = new Map<string, Known>();
  const of = (run: LoadTestRun): Known => {
    const known = byRun.get(run.id) ?? { ...UNKNOWN };
    byRun.set(run.id, known);
    return known;
  };
  return {
    noteSilence: (run, refused) => {
      const known = of(run);
      known.silent = true;
      known.refused ||= refused;
    },
    isForeign: (run, stats) => {
      const known = of(run);
      const requests = snapshotOf(stats).totalRequests;
      const busy = isBusy(stats.state);
      const isFewer = requests < known.requests;
      // A master that has just started shows stopped load too: what workers of the one before it go on to report.
      const isOther = (known.silent && isFewer) || (known.refused && !busy);
      const isNext = busy && (known.over || (hasReportedEnd(run) && isFewer));
      if (isOther || isNext) known.foreign = true;
      known.over ||= !busy && stats.user_count === 0;
      [known.silent, known.refused] = [false, false];
      known.requests = requests;
      return known.foreign;
    },
    endSeenAt: (run, now) => (of(run).endSeenAt ??= now),
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
