import type uPlot from "uplot";
import { canvasFont } from "./time-options.ts";
import { colorOf } from "./tokens.ts";

/** A value that is not to be exceeded. */
export type Limit = { readonly value: number; readonly label: string };

/** Draws a limit as a dashed line with its name; nothing where the axis does not reach it. */
export const limitHooks = (read: () => Limit | undefined): uPlot.Hooks.Arrays => ({
  draw: [
    (plot) => {
      const limit = read();
      if (limit === undefined) return;
      const { ctx, bbox } = plot;
      const y = Math.round(plot.valToPos(limit.value, "y", true)) + 0.5;
      if (y < bbox.top || y > bbox.top + bbox.height) return;
      ctx.save();
      ctx.strokeStyle = colorOf("--ink");
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ctx.font = canvasFont();
      ctx.fillStyle = colorOf("--ink-2");
      ctx.textAlign = "right";
      ctx.textBaseline = "bottom";
      ctx.fillText(limit.label, bbox.left + bbox.width - 4, y - 2);
      ctx.restore();
    },
  ],
});
