import type uPlot from "uplot";
import type { Rect } from "./label-place.ts";
import { spread } from "./scales.ts";
import { AXIS_WIDTH, canvasFont } from "./time-options.ts";
import { colorOf } from "./tokens.ts";

export type EndLabel = {
  readonly label: string;
  /** A token of theme/tokens.css. */
  readonly color: string;
  readonly values: readonly (number | null)[];
};

/** Lines that are nearer than this at their ends have their labels pushed apart, in CSS pixels. */
const LINE_HEIGHT = 13;
const GAP = 6;

/** As much of a text as fits into a width, with an ellipsis. */
const cut = (ctx: CanvasRenderingContext2D, text: string, width: number): string => {
  if (ctx.measureText(text).width <= width) return text;
  let shown = text;
  while (shown !== "" && ctx.measureText(`${shown}…`).width > width) shown = shown.slice(0, -1);
  return `${shown}…`;
};

type Placed = Rect & { readonly text: string; readonly color: string; readonly y: number };

/** Where the lines are named: beside the last value of a run that goes on, else in the margin on the right. */
const placed = (plot: uPlot, labels: readonly EndLabel[]): Placed[] => {
  const { ctx, bbox } = plot;
  const [times] = plot.data;
  const { min, max } = plot.scales["x"] ?? {};
  if (min == null || max == null) return [];
  const ends = labels.flatMap(({ label, color, values }) => {
    const last = values.findLastIndex(
      (value, index) => value !== null && (times[index] ?? 0) <= max && (times[index] ?? 0) >= min,
    );
    const value = values[last];
    if (value == null) return [];
    const x = plot.valToPos(times[last] ?? max, "x", true) + GAP * devicePixelRatio;
    return [{ label, color, x, y: plot.valToPos(value, "y", true) }];
  });
  const height = LINE_HEIGHT * devicePixelRatio;
  const places = spread(
    ends.map(({ y }) => y),
    height,
    [bbox.top, bbox.top + bbox.height],
  );
  ctx.save();
  ctx.font = canvasFont();
  const margin = bbox.left + bbox.width + GAP * devicePixelRatio;
  const end = bbox.left + bbox.width + AXIS_WIDTH * devicePixelRatio;
  const all = ends.map(({ label, color, x }, index) => {
    const left = Math.min(x, margin);
    const text = cut(ctx, label, end - left);
    const y = places[index] ?? 0;
    const right = left + ctx.measureText(text).width;
    return { text, color, y, left, right, top: y - height / 2, bottom: y + height / 2 };
  });
  ctx.restore();
  return all;
};

/** The room that the names of the lines take. */
export const endLabelRects = (plot: uPlot, labels: readonly EndLabel[]): readonly Rect[] =>
  placed(plot, labels);

/** Names the lines where they end. `read` gives the lines at the time of drawing. */
export const endLabelHooks = (read: () => readonly EndLabel[]): uPlot.Hooks.Arrays => ({
  draw: [
    (plot) => {
      const { ctx } = plot;
      ctx.save();
      ctx.font = canvasFont();
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      for (const { text, color, left, y } of placed(plot, read())) {
        ctx.fillStyle = colorOf(color);
        ctx.fillText(text, left, y);
      }
      ctx.restore();
    },
  ],
});
