import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import type { Decorations } from "../../charts/decorations.ts";
import { Navigator } from "../../charts/navigator.tsx";
import { chartQuery } from "./run-queries.ts";
import { secondsSince } from "./series.ts";
import type { RunView } from "./view.ts";

/** The whole run below its charts, from which the window is chosen. */
export const RunNavigator = ({
  view: { run, window, end, loadStartMs },
  decorations: { gaps, marks },
  onWindow,
}: {
  readonly view: RunView;
  readonly decorations: Decorations;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
}): ReactNode => {
  const { data } = useQuery(chartQuery(run.id, "whole", {}, []));
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
