import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { isTerminal } from "../../runs/domain/states.ts";
import { openSeconds, type RunAggregate } from "../live/run-aggregate.ts";

/** Whole seconds, both ends included. */
export type Seconds = { readonly from: number; readonly to: number };

/** The last second of which the counts are known: counts of the seconds before a snapshot may come with the next ones. */
export const closedSecond = (run: LoadTestRun, runAggregate: RunAggregate): number =>
  isTerminal(run.status)
    ? runAggregate.lastSecond
    : runAggregate.lastSecond - openSeconds(runAggregate);

/** The load time: from the first user spawned to the stop being issued, in Unix ms. `undefined` before load has begun. */
export const loadTimeOf = (
  run: LoadTestRun,
  runAggregate: RunAggregate,
  now: number,
): { readonly fromMs: number; readonly toMs: number } | undefined => {
  const masterInstances = [...runAggregate.masterInstances.values()];
  const starts = masterInstances.flatMap(
    ({ final, open }) => final?.loadStartedAtMs ?? open?.loadStartedAtMs ?? [],
  );
  const firstSecond = runAggregate.covered[0]?.[0];
  const first = firstSecond === undefined ? run.startedAt : firstSecond * 1000;
  const fromMs = starts.length > 0 ? Math.min(...starts) : (run.loadStartedAt ?? first);
  if (fromMs === undefined) return undefined;
  const stops = masterInstances.flatMap(({ final }) => final?.stopIssuedAtMs ?? []);
  const latest =
    firstSecond === undefined
      ? (run.finishedAt ?? now)
      : Math.min(now, (runAggregate.lastSecond + 1) * 1000);
  const told = run.loadEndedAt ?? Math.min(run.stopSentAt ?? latest, latest);
  const toMs = stops.length > 0 ? Math.max(...stops) : told;
  return { fromMs, toMs: Math.max(fromMs, toMs) };
};

/** The seconds of a query's window, within those that have samples. */
export const secondsOf = (
  runAggregate: RunAggregate,
  query: { readonly from?: number | undefined; readonly to?: number | undefined },
): Seconds => {
  const first = runAggregate.covered[0]?.[0] ?? 0;
  const last = runAggregate.lastSecond;
  return {
    from: query.from === undefined ? first : Math.max(first, Math.floor(query.from / 1000)),
    to: query.to === undefined ? last : Math.min(last, Math.ceil(query.to / 1000) - 1),
  };
};

/** In seconds. Steps from 10 on are multiples of 10 and those from 60 on of 60, so that the wider cells fit in. */
const STEPS = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21_600, 86_400];

/** The narrowest of the round steps, in seconds, with which a window has at most so many points. */
export const stepFor = ({ from, to }: Seconds, points: number): number => {
  const fits = (step: number): boolean =>
    Math.floor(to / step) - Math.floor(from / step) + 1 <= points;
  return STEPS.find(fits) ?? Math.ceil((to - from + 1) / points / 86_400) * 86_400;
};

/** How many requests are known at no time. */
export const untimedRequests = ({ untimed }: RunAggregate): number =>
  [...untimed.endpoints.values()].reduce((sum, { requests }) => sum + requests, 0);

type Gap = { readonly from: number; readonly to: number };

/** The part of the load that no second is known of, where requests are known at no time. */
const gapAtEnd = (run: LoadTestRun, runAggregate: RunAggregate): Gap[] => {
  if (untimedRequests(runAggregate) === 0) return [];
  const { startedAt, finishedAt } = run;
  const begun = run.loadStartedAt ?? startedAt;
  const from = runAggregate.covered.length === 0 ? begun : (runAggregate.lastSecond + 1) * 1000;
  const to = run.loadEndedAt ?? finishedAt;
  return from === undefined || to === undefined || from >= to ? [] : [{ from, to }];
};

/** Gaps between the seconds with samples, in Unix ms; `to` is not included. */
export const gapsOf = (run: LoadTestRun, runAggregate: RunAggregate): Gap[] => {
  const { covered } = runAggregate;
  const between = covered.slice(1).map(([from], index) => ({
    from: ((covered[index]?.[1] ?? from) + 1) * 1000,
    to: from * 1000,
  }));
  return [...between, ...gapAtEnd(run, runAggregate)];
};
