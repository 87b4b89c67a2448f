import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { isEnded } from "../../api/queries.ts";
import type { WindowQuery } from "./run-queries.ts";
import type { RunSearch } from "./search.ts";
import { figuresOfWindow, loadSeconds, queryOfWindow, type Window, windowOf } from "./window.ts";

/** What the parts of a run's page show: the run, the window of every figure and table, and the bounds of the charts. */
export type RunView = {
  readonly run: RunAnswer;
  readonly isLive: boolean;
  readonly window: Window;
  /** The window as queries of figures and tables name it. */
  readonly figures: WindowQuery;
  /** The window as queries of charts name it. */
  readonly charts: WindowQuery;
  /** The bounds of the time axis in seconds since load start: a whole live run shows its planned end from the start. */
  readonly range: readonly [number, number];
  /** The end of the whole run, or where it will be, in seconds since load start. */
  readonly end: number;
  readonly loadStartMs: number;
  /** How long the load has lasted so far, or lasted. */
  readonly loadSeconds: number;
  readonly endpoints: readonly string[];
  /** Another run that is laid under the charts. */
  readonly overlay: string | undefined;
};

const endOf = (run: RunAnswer, now: number): number => {
  const planned = isEnded(run) || run.loadEndedAt !== undefined ? undefined : run.durationSeconds;
  return Math.max(planned ?? 0, loadSeconds(run, now), 10);
};

export const viewOf = (run: RunAnswer, search: RunSearch, now: number): RunView => {
  const window = windowOf(search, run, now);
  const end = endOf(run, now);
  const bounds = queryOfWindow(window, run.loadStartedAt);
  return {
    run,
    isLive: !isEnded(run),
    window,
    figures: figuresOfWindow(window, run.loadStartedAt),
    charts: bounds,
    range: window.kind === "whole" ? [0, end] : [window.from, Math.max(window.to, window.from + 1)],
    end,
    loadStartMs: run.loadStartedAt ?? run.createdAt,
    loadSeconds: loadSeconds(run, now),
    endpoints: search.endpoint ?? [],
    overlay: search.overlay,
  };
};
