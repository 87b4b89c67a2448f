import type { VerdictReason } from "@load-manager/contract/model/criterion.ts";
import { holds, isLowerLimit, isUpperLimit } from "./comparison.ts";
import { turningDoubt } from "./doubts.ts";
import type { Doubts, Figures } from "./figures.ts";
import { judgeFigures, type Judged } from "./judge-figures.ts";

/** What is said of one window. */
export type WindowVerdict =
  | { readonly verdict: "passed" | "failed"; readonly close: boolean }
  | {
      readonly verdict: "inconclusive";
      readonly code: VerdictReason;
      readonly requestsNeeded?: number;
      /** More than the code says. */
      readonly message?: string;
    };

const inconclusive = (code: VerdictReason, requestsNeeded?: number): WindowVerdict => ({
  verdict: "inconclusive",
  code,
  ...(requestsNeeded === undefined ? {} : { requestsNeeded }),
});

/** Why there is no figure. Where there are no requests either, what is known to have gone wrong says more than that. */
const whyNone = ({ requests }: Figures, doubts: Doubts): VerdictReason => {
  if (requests > 0) return "no_data";
  if (doubts.lostSeconds > 0 || doubts.lostRequests > 0) return "incomplete";
  if (doubts.isLoadNotReached) return "load_not_reached";
  return doubts.isCutShort ? "cut_short" : "no_data";
};

/** Judges the figures of one window, and turns the verdict where a doubt could turn it. */
export const judgeWindow = (judged: Judged, figures: Figures, doubts: Doubts): WindowVerdict => {
  if (doubts.couldNotRun) return inconclusive("could_not_run");
  const outcome = judgeFigures(judged, figures);
  if (outcome.verdict === "inconclusive") {
    return outcome.code === "no_data"
      ? inconclusive(whyNone(figures, doubts))
      : inconclusive(outcome.code, outcome.requestsNeeded);
  }
  const doubt = turningDoubt(judged, outcome.verdict, figures, doubts);
  return doubt === undefined ? outcome : inconclusive(doubt);
};

/** Unix ms; `toMs` is not included. */
export type JudgedWindow = {
  readonly fromMs: number;
  readonly toMs: number;
  readonly observed: number;
  readonly requests: number;
};

const isWorse = ({ operator, limit }: Judged, one: number, other: number): boolean => {
  if (isUpperLimit(operator)) return one > other;
  if (isLowerLimit(operator)) return one < other;
  const [near, far] = [Math.abs(one - limit), Math.abs(other - limit)];
  return operator === "=" ? near > far : near < far;
};

/** What several windows say together. */
type Tally = {
  decided: number;
  violated: number;
  isClose: boolean;
  doubt?: VerdictReason | undefined;
  first?: JudgedWindow | undefined;
  worst?: JudgedWindow | undefined;
};

const createTally = (): Tally => ({ decided: 0, violated: 0, isClose: true });

const addWindow = (judged: Judged, tally: Tally, verdict: WindowVerdict, window: JudgedWindow) => {
  if (verdict.verdict === "inconclusive") {
    tally.doubt ??= verdict.code;
    return;
  }
  tally.decided += 1;
  const { worst } = tally;
  if (worst === undefined || isWorse(judged, window.observed, worst.observed)) tally.worst = window;
  if (verdict.verdict === "passed") return;
  tally.violated += 1;
  tally.first ??= window;
  tally.isClose &&= verdict.close;
};

const mergeTallies = (judged: Judged, one: Tally, other: Tally): Tally => {
  const firsts = [one.first, other.first].filter((first) => first !== undefined);
  const worsts = [one.worst, other.worst].filter((worst) => worst !== undefined);
  return {
    decided: one.decided + other.decided,
    violated: one.violated + other.violated,
    isClose: one.isClose && other.isClose,
    doubt: one.doubt ?? other.doubt,
    first: firsts.toSorted((a, b) => a.fromMs - b.fromMs)[0],
    worst: worsts.toSorted((a, b) => (isWorse(judged, b.observed, a.observed) ? 1 : -1))[0],
  };
};

/** The verdict of a count or rate in a window without a request, which is 0. */
const judgeIdleWindow = (judged: Judged, figures: Figures, doubts: Doubts): WindowVerdict => {
  const verdict = isViolated(judged, 0) ? "failed" : "passed";
  const doubt = turningDoubt(judged, verdict, figures, doubts);
  return doubt === undefined ? { verdict, close: false } : inconclusive(doubt);
};

/**
 * Judges the windows of `in every` one after another. Windows with too few values decide nothing; those without any request
 * decide counts and rates where other windows have some: a target that hung had 0 requests per second.
 */
export const createEveryJudge = (judged: Judged) => {
  let total = 0;
  let hasRequests = false;
  let requestsNeeded = 0;
  const usual = createTally();
  const idle = createTally();

  const add = (
    times: { readonly fromMs: number; readonly toMs: number },
    figures: Figures,
    doubts: Doubts,
  ): void => {
    const { observed, requests } = figures;
    const window = { ...times, observed: observed ?? 0, requests };
    const verdict = judgeWindow(judged, figures, doubts);
    total += 1;
    hasRequests ||= requests > 0;
    const code = verdict.verdict === "inconclusive" ? verdict.code : undefined;
    if (code === "no_data" && observed !== null)
      addWindow(judged, idle, judgeIdleWindow(judged, figures, doubts), window);
    else if (verdict.verdict !== "inconclusive" || (code !== "no_data" && code !== "few_values"))
      addWindow(judged, usual, verdict, window);
    else requestsNeeded = Math.max(requestsNeeded, verdict.requestsNeeded ?? 0);
  };

  /** `isCutShort`: the load ended before its time, so that windows are missing. */
  const verdictOf = (tally: Tally, isCutShort: boolean): WindowVerdict => {
    const { violated, decided, isClose, doubt } = tally;
    if (violated > 0) return { verdict: "failed", close: isClose };
    if (doubt !== undefined) return inconclusive(doubt);
    if (decided > 0)
      return isCutShort ? inconclusive("cut_short") : { verdict: "passed", close: false };
    if (total === 0 || isCutShort) return inconclusive("cut_short");
    return hasRequests ? inconclusive("few_values", requestsNeeded) : inconclusive("no_data");
  };

  return {
    add,
    finish: (isCutShort: boolean) => {
      const tally = hasRequests ? mergeTallies(judged, usual, idle) : usual;
      const { decided, violated, first, worst } = tally;
      const windows = { total, decided, violated };
      return { verdict: verdictOf(tally, isCutShort), windows, first, worst };
    },
  };
};

/** Whether the limit is violated by a figure alone. */
export const isViolated = ({ operator, limit }: Judged, observed: number): boolean =>
  !holds(operator, observed, limit);
