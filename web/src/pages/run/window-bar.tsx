import { Button, SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";
import { clock, duration, sinceStart } from "../../format/times.ts";
import type { RunSearch } from "./search.ts";
import styles from "./window-bar.module.css";
import type { RunView } from "./view.ts";
import { presetsOf } from "./window.ts";

const NAMES = {
  whole: "Whole run",
  ramp: "Ramp-up",
  steady: "Steady",
  last5m: "Last 5 min",
  last60s: "Last 60 s",
} as const;

const isNow = ({ window, isLive, run }: RunView): boolean =>
  window.kind === "whole" && isLive && run.loadEndedAt === undefined;

const titleOf = (view: RunView): string => {
  const { kind } = view.window;
  if (kind === "chosen") return "Chosen window";
  return isNow(view) ? "Now" : NAMES[kind];
};

const spanOf = (view: RunView): string => {
  const { window, loadStartMs } = view;
  if (isNow(view)) return "last 10 s; beneath: so far";
  const length = duration((window.to - window.from) * 1000);
  if (window.kind === "whole") return length;
  const clocks = [window.from, window.to].map((at) => clock(loadStartMs + at * 1000)).join(" to ");
  return `${length}: ${sinceStart(window.from)} to ${sinceStart(window.to)}, ${clocks}`;
};

/** Which part of the run every figure, chart and table shows. */
export const WindowBar = ({
  view,
  onPreset,
  onWhole,
}: {
  readonly view: RunView;
  readonly onPreset: (window: RunSearch["window"]) => void;
  readonly onWhole: () => void;
}): ReactNode => {
  const { window, run, isLive } = view;
  const presets = presetsOf(run, window.kind, isLive);
  return (
    <div className={styles["bar"]}>
      <h2>{titleOf(view)}</h2>
      <span className="muted">{spanOf(view)}</span>
      <div className={styles["end"]}>
        <span className="muted">
          {view.endpoints.length === 0
            ? "Figures, charts and tables"
            : "Charts: the chosen endpoints. Key figures: all endpoints"}
        </span>
        {window.kind === "chosen" && (
          <Button size="compact-sm" onClick={onWhole}>
            Clear
          </Button>
        )}
        <SegmentedControl
          size="xs"
          aria-label="Window"
          value={window.kind === "chosen" ? "" : window.kind}
          onChange={(value) =>
            onPreset(value === "whole" ? undefined : (value as RunSearch["window"]))
          }
          data={presets.map((value) => ({ value, label: NAMES[value] }))}
        />
      </div>
    </div>
  );
};
