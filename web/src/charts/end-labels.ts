import type uPlot from "uplot";
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

/** Names the lines where they end: beside the last value of a run that goes on, else in the margin on the right. `read` gives the lines at the time of drawing. */
export const endLabelHooks = (read: () => readonly EndLabel[]): uPlot.Hooks.Arrays => ({
  draw: [
    (plot) => {
      const { ctx, bbox } = plot;
      const [times] = plot.data;
      const { min, max } = plot.scales["x"] ?? {};
      if (min == null || max == null) return;
      const ends = read().flatMap(({ label, color, values }) => {
        const last = values.findLastIndex(
          (value, index) =>
            value !== null && (times[index] ?? 0) <= max && (times[index] ?? 0) >= min,
        );
        const value = values[last];
        if (value == null) return [];
        const x = plot.valToPos(times[last] ?? max, "x", true) + GAP * devicePixelRatio;
        return [{ label, color, x, y: plot.valToPos(value, "y", true) }];
      });
      const places = spread(
        ends.map(({ y }) => y),
        LINE_HEIGHT * devicePixelRatio,
        [bbox.top, bbox.top + bbox.height],
      );
      ctx.save();
      ctx.font = canvasFont();
      ctx.textBaseline = "middle";
      ctx.textAlign = "left";
      const margin = bbox.left + bbox.width + GAP * devicePixelRatio;
      const end = bbox.left + bbox.width + AXIS_WIDTH * devicePixelRatio;
      for (const [index, { label, color, x }] of ends.entries()) {
        ctx.fillStyle = colorOf(color);
        const at = Math.min(x, margin);
        ctx.fillText(cut(ctx, label, end - at), at, places[index] ?? 0);
      }
      ctx.restore();
    },
  ],
});
