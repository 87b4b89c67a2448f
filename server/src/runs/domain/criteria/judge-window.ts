import type { VerdictReason } from "@load-manager/contract/model/criterion.ts";
import { holds, isLowerLimit, isUpperLimit } from "../comparison.ts";
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

/** Judges the windows of `in every` one after another. Windows with too few values decide nothing. */
export const createEveryJudge = (judged: Judged) => {
  let [total, decided, violated] = [0, 0, 0];
  let isClose = true;
  let hasRequests = false;
  let requestsNeeded = 0;
  let doubt: VerdictReason | undefined;
  let first: JudgedWindow | undefined;
  let worst: JudgedWindow | undefined;

  const add = (
    times: { readonly fromMs: number; readonly toMs: number },
    figures: Figures,
    doubts: Doubts,
  ): WindowVerdict => {
    const verdict = judgeWindow(judged, figures, doubts);
    total += 1;
    hasRequests ||= figures.requests > 0;
    if (verdict.verdict === "inconclusive") {
      const decidesNothing = verdict.code === "no_data" || verdict.code === "few_values";
      if (decidesNothing) requestsNeeded = Math.max(requestsNeeded, verdict.requestsNeeded ?? 0);
      else doubt ??= verdict.code;
      return verdict;
    }
    const window = { ...times, observed: figures.observed ?? 0, requests: figures.requests };
    decided += 1;
    if (worst === undefined || isWorse(judged, window.observed, worst.observed)) worst = window;
    if (verdict.verdict === "passed") return verdict;
    violated += 1;
    first ??= window;
    isClose &&= verdict.close;
    return verdict;
  };

  /** `isCutShort`: the load ended before its time, so that windows are missing. */
  const verdictOf = (isCutShort: boolean): WindowVerdict => {
    if (violated > 0) return { verdict: "failed", close: isClose };
    if (doubt !== undefined) return inconclusive(doubt);
    if (decided > 0)
      return isCutShort ? inconclusive("cut_short") : { verdict: "passed", close: false };
    if (total === 0 || isCutShort) return inconclusive("cut_short");
    return hasRequests ? inconclusive("few_values", requestsNeeded) : inconclusive("no_data");
  };

  return {
    add,
    finish: (isCutShort: boolean) => ({
      verdict: verdictOf(isCutShort),
      windows: { total, decided, violated },
      first,
      worst,
    }),
  };
};

/** Whether the limit is violated by a figure alone. */
export const isViolated = ({ operator, limit }: Judged, observed: number): boolean =>
  !holds(operator, observed, limit);
