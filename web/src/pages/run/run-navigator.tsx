import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Decorations } from "../../charts/decorations.ts";
import { Navigator } from "../../charts/navigator.tsx";
import { chartQuery } from "./run-queries.ts";
import { secondsSince } from "./series.ts";
import type { RunView } from "./view.ts";

/** The whole run below its charts, from which the window is chosen. `points`: as many as the charts have, so that both ask once. */
export const RunNavigator = ({
  view: { run, window, end, loadStartMs },
  points,
  decorations: { gaps, marks },
  onWindow,
}: {
  readonly view: RunView;
  readonly points: number;
  readonly decorations: Decorations;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
}): ReactNode => {
  const { data } = useQuery(chartQuery(run.id, "whole", {}, points, []));
  const times = useMemo(() => secondsSince(loadStartMs, data?.t ?? []), [data, loadStartMs]);
  return (
    <Navigator
      times={times}
      values={data?.totalRps ?? []}
      end={end}
      window={window.kind === "whole" ? [0, end] : [window.from, window.to]}
      gaps={gaps}
      marks={marks}
      onWindow={onWindow}
    />
  );
};
