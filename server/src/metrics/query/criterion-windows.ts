import { endpointMatcher } from "@load-manager/contract/criteria/endpoint-pattern.ts";
import type { Window } from "@load-manager/contract/criteria/expression.ts";
import type { WindowQuery } from "@load-manager/contract/api/metrics.ts";
import { SERIES } from "../codec/rollup.ts";
import type { RunAggregate } from "../live/run-aggregate.ts";
import type { WindowInRun } from "./criterion-doubts.ts";
import { selectEndpoints, type Selection } from "./endpoints.ts";
import type { Stretch } from "./spells.ts";

const wholeSecond = (ms: number): number => Math.floor(ms / 1000) * 1000;

/** Where a window lies in a load. */
export const placeOf = (window: Window, loadTime: Stretch): WindowInRun => {
  const { kind } = window;
  if (window.kind === "between") {
    const start = wholeSecond(loadTime.fromMs);
    const [fromMs, toMs] = [start + window.fromSeconds * 1000, start + window.toSeconds * 1000];
    return { kind, fromMs, toMs, isBeyondLoad: toMs > Math.ceil(loadTime.toMs / 1000) * 1000 };
  }
  if (window.kind !== "last") return { kind, ...loadTime, isBeyondLoad: false };
  const toMs = wholeSecond(loadTime.toMs);
  const fromMs = toMs - window.seconds * 1000;
  return { kind, fromMs, toMs, isBeyondLoad: fromMs < wholeSecond(loadTime.fromMs) };
};

export const queryOf = ({ kind, fromMs, toMs }: WindowInRun): WindowQuery => {
  if (kind === "run") return { responses: "all" };
  if (kind === "steady") return { responses: "all", phase: "steady" };
  return { responses: "all", from: Math.max(0, fromMs), to: Math.max(0, toMs) };
};

/** Whether the run has an endpoint of a pattern. */
export const hasEndpoint = (endpoints: string | undefined, { names }: RunAggregate): boolean => {
  if (endpoints === undefined) return names.size > 0;
  const matches = endpointMatcher(endpoints);
  return [...names.values()].some(matches);
};

/** The endpoints of a pattern, added up. */
export const selectionOf = (endpoints: string | undefined, { names }: RunAggregate): Selection => {
  if (endpoints === undefined) return selectEndpoints("sum");
  const matches = endpointMatcher(endpoints);
  const ids = new Set([...names].filter(([, name]) => matches(name)).map(([id]) => id));
  return { series: [...ids], keyOf: (id) => (ids.has(id) ? SERIES.all : undefined) };
};
