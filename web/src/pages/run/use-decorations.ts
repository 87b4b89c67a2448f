import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Decorations } from "../../charts/decorations.ts";
import { lettersOf } from "./event-letters.ts";
import { eventsQuery, summaryQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

/** What all charts of a run show besides their data: gaps, doubts, events, and now. */
export const useDecorations = ({ run, isLive, loadStartMs, window }: RunView): Decorations => {
  const { data: events } = useQuery(eventsQuery(run.id));
  const { data: summary } = useQuery(summaryQuery(run.id, "whole", {}));
  return useMemo(() => {
    const at = (time: number): number => (time - loadStartMs) / 1000;
    return {
      gaps: (summary?.gaps ?? []).map(({ from, to }) => ({ from: at(from), to: at(to) })),
      doubts: (summary?.findings ?? [])
        .filter(({ code }) => code === "generator_saturated")
        .map(({ since, until }) => ({
          from: at(since),
          to: until === undefined ? window.to : at(until),
        })),
      marks: lettersOf(events?.items ?? []).map(({ event, letter }) => ({
        at: at(event.at),
        letter,
      })),
      now: isLive && window.kind === "whole" ? window.to : undefined,
    };
  }, [events, summary, loadStartMs, isLive, window.kind, window.to]);
};
