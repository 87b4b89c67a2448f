import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import type { RunSearch } from "./search.ts";

/** A part of a run, in seconds since load start. */
export type Window = {
  readonly kind: "whole" | "ramp" | "steady" | "last5m" | "last60s" | "chosen";
  readonly from: number;
  readonly to: number;
};

type Times = Pick<RunAnswer, "loadStartedAt" | "loadEndedAt" | "finishedAt" | "phases">;

/** How long the load has lasted until `now` (Unix ms), or lasted, in seconds. */
export const loadSeconds = (
  { loadStartedAt, loadEndedAt, finishedAt }: Times,
  now: number,
): number =>
  loadStartedAt === undefined
    ? 0
    : Math.max(0, ((loadEndedAt ?? finishedAt ?? now) - loadStartedAt) / 1000);

const lastSeconds = ({ loadStartedAt = 0, finishedAt = 0 }: Times): number =>
  (finishedAt - loadStartedAt) / 1000;

/** From the first to the last steady second; `undefined` without one. */
export const steadyPart = (
  run: Times,
  now: number,
): { readonly from: number; readonly to: number } | undefined => {
  const { phases = [], loadStartedAt = 0 } = run;
  const steady = phases.filter(({ kind }) => kind === "steady");
  const first = steady[0];
  if (first === undefined) return undefined;
  const end = steady.at(-1)?.to;
  const to = end === undefined ? loadSeconds(run, now) : (end - loadStartedAt) / 1000;
  return { from: Math.max(0, (first.from - loadStartedAt) / 1000), to };
};

/** The windows to choose from; one that is shown stays among them when the run has ended. */
export const presetsOf = (
  { phases = [] }: Pick<Times, "phases">,
  kind: Window["kind"],
  isLive: boolean,
): readonly Exclude<Window["kind"], "chosen">[] => [
  "whole",
  ...(phases.some((phase) => phase.kind === "steady") ? (["ramp", "steady"] as const) : []),
  "last5m",
  ...(isLive || kind === "last60s" ? (["last60s"] as const) : []),
];

/** Shorter runs have a linear axis of response times at first. */
const LEAST_LOG_SECONDS = 60;

/** Whether response times are on a log scale where nobody has chosen: by the length of the run, so that no zoom changes it. */
export const isLogAtFirst = (end: number): boolean => end >= LEAST_LOG_SECONDS;

/** The window that an address names, as it is at `now`. A window that ends now moves on with it; a chosen one stays. */
export const windowOf = (search: RunSearch, run: Times, now: number): Window => {
  const end = loadSeconds(run, now);
  if (search.from !== undefined && search.to !== undefined)
    return { kind: "chosen", from: search.from / 1000, to: search.to / 1000 };
  switch (search.window) {
    case "ramp": {
      const part = steadyPart(run, now);
      return part === undefined || part.from <= 0
        ? { kind: "whole", from: 0, to: end }
        : { kind: "ramp", from: 0, to: part.from };
    }
    case "steady": {
      const part = steadyPart(run, now);
      return part === undefined ? { kind: "whole", from: 0, to: end } : { kind: "steady", ...part };
    }
    case "last5m":
      return { kind: "last5m", from: Math.max(0, end - 300), to: end };
    case "last60s":
      return { kind: "last60s", from: Math.max(0, end - 60), to: end };
    default:
      return { kind: "whole", from: 0, to: end };
  }
};

/** The same for a window that moves on. */
export const windowName = ({ kind, from, to }: Window): string =>
  kind === "chosen" ? `${from} ${to}` : kind;

/** Whether the run has no second of a window. What completes after the load's end, while users stop, belongs to the run. */
export const isOutside = (window: Window, run: Times, now: number): boolean =>
  window.from >= Math.max(loadSeconds(run, now), lastSeconds(run));

/** The whole seconds, in ms since load start, that are nearest to a span of seconds: at least one. */
export const wholeSeconds = ([start, end]: readonly [number, number]) => {
  const from = Math.max(0, Math.round(start));
  return { from: from * 1000, to: Math.max(from + 1, Math.round(end)) * 1000 };
};

/** What a query asks of the API for a window. The whole run is asked for without bounds, so that late seconds count too. */
export const queryOfWindow = (
  window: Window,
  loadStartedAt: number | undefined,
): { readonly from?: string; readonly to?: string } => {
  if (window.kind === "whole" || loadStartedAt === undefined) return {};
  const ms = (seconds: number): string => String(Math.round(loadStartedAt + seconds * 1000));
  return { from: ms(window.from), to: ms(window.to) };
};

/** What figures and tables ask for: they count the steady seconds alone where the window is the steady part. */
export const figuresOfWindow = (
  window: Window,
  loadStartedAt: number | undefined,
): { readonly from?: string; readonly to?: string; readonly phase?: "steady" } =>
  window.kind === "steady" ? { phase: "steady" } : queryOfWindow(window, loadStartedAt);
