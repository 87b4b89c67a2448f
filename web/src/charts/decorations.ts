import type uPlot from "uplot";
import { colorOf } from "./tokens.ts";

/** A time span in seconds since load start. */
type Span = { readonly from: number; readonly to: number };
/** A moment that is marked in all charts. */
type Mark = { readonly at: number; readonly letter: string };

export type Decorations = {
  /** Where data are missing: hatched, in every chart. */
  readonly gaps: readonly Span[];
  /** Where data cannot be trusted, such as response times of a saturated worker. */
  readonly doubts: readonly Span[];
  readonly marks: readonly Mark[];
  /** The end of what has happened so far, in a live run. */
  readonly now: number | undefined;
};

const hatch = (ctx: CanvasRenderingContext2D, color: string): CanvasPattern | null => {
  const size = Math.round(6 * devicePixelRatio);
  const tile = document.createElement("canvas");
  [tile.width, tile.height] = [size, size];
  const draw = tile.getContext("2d");
  if (draw === null) return null;
  draw.strokeStyle = color;
  draw.lineWidth = 1.2 * devicePixelRatio;
  for (const offset of [-size, 0, size]) {
    draw.moveTo(offset, size);
    draw.lineTo(offset + size, 0);
  }
  draw.stroke();
  return ctx.createPattern(tile, "repeat");
};

/** Draws spans below the data and moments above them. `read` gives what there is to draw at the time of drawing. */
export const decorationHooks = (
  read: () => Decorations,
  options: { readonly withDoubts: boolean },
): uPlot.Hooks.Arrays => {
  const drawSpans = (plot: uPlot): void => {
    const { ctx, bbox } = plot;
    const { gaps, doubts } = read();
    const spans = [...gaps, ...(options.withDoubts ? doubts : [])];
    if (spans.length === 0) return;
    const pattern = hatch(ctx, colorOf("--hatch"));
    if (pattern === null) return;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.fillStyle = pattern;
    for (const { from, to } of spans) {
      const left = plot.valToPos(from, "x", true);
      ctx.fillRect(left, bbox.top, plot.valToPos(to, "x", true) - left, bbox.height);
    }
    ctx.restore();
  };
  const line = (plot: uPlot, at: number, color: string, dash: number[]): void => {
    const { ctx, bbox } = plot;
    const x = Math.round(plot.valToPos(at, "x", true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width + 1) return;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash(dash.map((length) => length * devicePixelRatio));
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  };
  const drawMoments = (plot: uPlot): void => {
    const { marks, now } = read();
    const color = colorOf("--ink-3");
    for (const { at } of marks) line(plot, at, color, [1, 3]);
    if (now !== undefined) line(plot, now, colorOf("--accent"), []);
  };
  return { drawClear: [drawSpans], draw: [drawMoments] };
};
