import uPlot from "uplot";
import { clock, sinceStart } from "../format/times.ts";
import { linearRange, logRange, logTicks, timeTicks } from "./scales.ts";
import { colorOf } from "./tokens.ts";

export const AXIS_WIDTH = 56;
/** All charts of a stack show the same cursor. */
export const SYNC_KEY = "run";
export const FONT = '11px "IBM Plex Sans Variable", system-ui, sans-serif';

/** The same on a canvas, whose pixels are those of the screen. */
export const canvasFont = (): string => FONT.replace("11px", `${11 * devicePixelRatio}px`);

export type TimeAxis = {
  /** The bottom chart of a stack has the labels, and the clock below them. */
  readonly isShown: boolean;
  readonly loadStartMs: number;
};

/** The time axis that all charts of a stack share: seconds since the load started. */
export const timeAxis = ({ isShown, loadStartMs }: TimeAxis): uPlot.Axis => ({
  scale: "x",
  stroke: colorOf("--ink-3"),
  font: FONT,
  grid: { stroke: colorOf("--line"), width: 1 },
  ticks: { show: false },
  splits: (plot, _, min, max) => timeTicks(min, max, plot.bbox.width / devicePixelRatio),
  values: (_, splits) =>
    isShown
      ? splits.map((at) => `${sinceStart(at)}\n${clock(loadStartMs + at * 1000)}`)
      : splits.map(() => ""),
  size: isShown ? 40 : 4,
  gap: 6,
});

export const valueAxis = (
  format: (value: number) => string,
  options: { readonly scale?: string; readonly isRight?: boolean; readonly isLog?: boolean } = {},
): uPlot.Axis => {
  const { scale = "y", isRight = false, isLog = false } = options;
  return {
    scale,
    side: isRight ? 1 : 3,
    stroke: colorOf("--ink-3"),
    font: FONT,
    grid: { show: !isRight, stroke: colorOf("--line"), width: 1 },
    ticks: { show: false },
    size: AXIS_WIDTH,
    gap: 6,
    space: 28,
    values: (_, splits) => splits.map((value) => (value === null ? "" : format(value))),
    // uPlot itself would leave out the labels between powers of ten.
    ...(isLog
      ? { splits: (_plot, _index, min, max) => logTicks(min, max), filter: (_, splits) => splits }
      : {}),
  };
};

/** The right side without an axis, so that all charts of a stack are equally wide. */
export const noAxis: uPlot.Axis = {
  side: 1,
  size: AXIS_WIDTH,
  scale: "y",
  values: () => [],
  grid: { show: false },
  ticks: { show: false },
};

/** Bounds from the values that are seen, and from limits that shall be. */
export const linearScale = (limits: () => readonly { readonly value: number }[]): uPlot.Scale => ({
  range: (_, _min, max) => linearRange(Math.max(max, ...limits().map(({ value }) => value))),
});
export const logScale: uPlot.Scale = {
  distr: 3,
  log: 10,
  range: (_, min, max) => (min === null || max === null ? [1, 1000] : logRange(min, max)),
};

/** The cursor of a stack, and the choice of a window by dragging; a double click takes it back. */
export const timeCursor = (
  onWindow: (window: readonly [number, number] | undefined) => void,
): { readonly cursor: uPlot.Cursor; readonly hooks: uPlot.Hooks.Arrays } => ({
  cursor: {
    y: false,
    points: { size: 6 },
    drag: { x: true, y: false, setScale: false },
    sync: {
      key: SYNC_KEY,
      setSeries: false,
      scales: ["x", null],
      filters: { sub: (type) => type === "mousemove" || type === "mouseleave", pub: () => true },
    },
    bind: {
      dblclick: () => () => {
        onWindow(undefined);
        return null;
      },
    },
  },
  hooks: {
    setSelect: [
      (plot) => {
        const { left, width } = plot.select;
        if (width < 4) return;
        onWindow([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
      },
    ],
  },
});

/** Tells the time at which the axis below a chart is clicked. */
export const axisClick = (onTime: (seconds: number) => void): uPlot.Hooks.Arrays => ({
  ready: [
    (plot) => {
      const axis = plot.root.querySelector<HTMLElement>(".u-axis");
      if (axis === null) return;
      axis.title = "Add a note at this time";
      axis.addEventListener("click", (event) => {
        const { left } = plot.over.getBoundingClientRect();
        onTime(plot.posToVal(event.clientX - left, "x"));
      });
    },
  ],
});

export const mergeHooks = (...all: readonly uPlot.Hooks.Arrays[]): uPlot.Hooks.Arrays => {
  const merged: Record<string, unknown[]> = {};
  for (const hooks of all) {
    for (const [name, list] of Object.entries(hooks))
      merged[name] = [...(merged[name] ?? []), ...(list ?? [])];
  }
  return merged;
};

/** Bars that begin where their point begins, and are as wide as it. */
export const bars = (): uPlot.Series.PathBuilder =>
  uPlot.paths.bars?.({ align: 1, size: [0.9, 24] }) ?? (() => null);
export const steps = (): uPlot.Series.PathBuilder =>
  uPlot.paths.stepped?.({ align: 1 }) ?? (() => null);
