import type uPlot from "uplot";
import { canvasFont } from "./time-options.ts";
import { colorOf } from "./tokens.ts";

type Stretch = { readonly from: number; readonly to: number; readonly label: string };

/** When a criterion was violated, in seconds since load start. */
export type Violation = {
  readonly first?: Stretch | undefined;
  readonly worst?: Stretch | undefined;
};

const BAR_HEIGHT = 4;

/** A text right of a place, or left of `before` where there is no room. */
const write = ({ ctx, bbox }: uPlot, text: string, x: number, y: number, before = x): void => {
  const gap = 6 * devicePixelRatio;
  const width = ctx.measureText(text).width + gap;
  const isLeft = x + width > bbox.left + bbox.width;
  ctx.textAlign = isLeft ? "right" : "left";
  const at = isLeft ? before - gap : x + gap;
  ctx.strokeStyle = colorOf("--surface");
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.strokeText(text, at, y);
  ctx.fillStyle = colorOf("--ink");
  ctx.fillText(text, at, y);
};

/** A bar on the time axis over the stretch, and a line at its beginning. */
const drawFirst = (plot: uPlot, { from, to, label }: Stretch): void => {
  const { ctx, bbox } = plot;
  const bottom = bbox.top + bbox.height;
  const x = plot.valToPos(from, "x", true);
  ctx.fillStyle = colorOf("--fail");
  ctx.fillRect(
    x,
    bottom - BAR_HEIGHT * devicePixelRatio,
    Math.max(2 * devicePixelRatio, plot.valToPos(to, "x", true) - x),
    BAR_HEIGHT * devicePixelRatio,
  );
  ctx.fillRect(Math.round(x), bbox.top, devicePixelRatio, bbox.height);
  write(plot, label, x, bbox.top + 8 * devicePixelRatio);
};

/** A bracket above the axis over the worst window. */
const drawWorst = (plot: uPlot, { from, to, label }: Stretch): void => {
  const { ctx, bbox } = plot;
  const y = Math.round(bbox.top + bbox.height - 14 * devicePixelRatio) + 0.5;
  const [left, right] = [plot.valToPos(from, "x", true), plot.valToPos(to, "x", true)];
  const tick = 3 * devicePixelRatio;
  ctx.strokeStyle = colorOf("--fail");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(left, y - tick);
  ctx.lineTo(left, y + tick);
  ctx.moveTo(left, y);
  ctx.lineTo(right, y);
  ctx.moveTo(right, y - tick);
  ctx.lineTo(right, y + tick);
  ctx.stroke();
  write(plot, label, right, y, left);
};

/** Marks when the criterion of the chart was violated. */
export const violationHooks = (read: () => Violation | undefined): uPlot.Hooks.Arrays => ({
  draw: [
    (plot) => {
      const { first, worst } = read() ?? {};
      const { ctx, bbox } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
      ctx.clip();
      ctx.font = canvasFont();
      ctx.textBaseline = "middle";
      if (first !== undefined) drawFirst(plot, first);
      if (worst !== undefined) drawWorst(plot, worst);
      ctx.restore();
    },
  ],
});
