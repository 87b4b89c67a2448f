import type uPlot from "uplot";
import { canvasFont } from "./time-options.ts";
import { colorOf } from "./tokens.ts";

/** A limit of what a chart shows. */
export type Limit = {
  readonly value: number;
  readonly label: string;
  /** The label of the series that it is a limit of: the part of it beyond is coloured. Absent: the line alone. */
  readonly series?: string;
  /** On which side of it the limit is violated. */
  readonly beyond?: "above" | "below" | undefined;
  /** In seconds since load start; absent: over all of the chart. */
  readonly span?: { readonly from: number; readonly to: number };
  /** `right`: the axis of users. */
  readonly axis?: "right";
};

type Box = { readonly left: number; readonly right: number; readonly y: number };

/** Where the limit is drawn; `undefined` where neither its time nor its value is in the chart. */
const boxOf = (plot: uPlot, { value, span, axis }: Limit): Box | undefined => {
  const { left, top, width, height } = plot.bbox;
  const y = Math.round(plot.valToPos(value, axis ?? "y", true)) + 0.5;
  const place = (at: number): number =>
    Math.min(left + width, Math.max(left, plot.valToPos(at, "x", true)));
  const [from, to] = span === undefined ? [left, left + width] : [place(span.from), place(span.to)];
  // A limit of 0 lies on the axis itself.
  const isInSight = y >= top - 1 && y <= top + height + 1;
  return to > from && isInSight ? { left: from, right: to, y } : undefined;
};

/** The pieces of a series between gaps, as points on the canvas; those of a step series have its corners. */
const piecesOf = (plot: uPlot, limit: Limit): [x: number, y: number][][] => {
  const index = plot.series.findIndex(({ label }) => label === limit.series);
  const values = plot.data[index];
  if (index < 1 || values === undefined) return [];
  const [times] = plot.data;
  const pieces: [number, number][][] = [[]];
  let before: number | undefined;
  values.forEach((value, at) => {
    const time = times[at];
    if (value == null || time === undefined) {
      if (pieces.at(-1)?.length !== 0) pieces.push([]);
      before = undefined;
      return;
    }
    const x = plot.valToPos(time, "x", true);
    const y = plot.valToPos(value, limit.axis ?? "y", true);
    // Users, the only series of the right axis, go in steps.
    if (limit.axis === "right" && before !== undefined) pieces.at(-1)?.push([x, before]);
    pieces.at(-1)?.push([x, y]);
    before = y;
  });
  return pieces.filter((piece) => piece.length > 1);
};

/** Colours what lies between the line and the limit, beyond it. */
const drawBeyond = (plot: uPlot, limit: Limit, { left, right, y }: Box): void => {
  if (limit.beyond === undefined || limit.series === undefined) return;
  const { ctx, bbox } = plot;
  const [top, bottom] = limit.beyond === "above" ? [bbox.top, y] : [y, bbox.top + bbox.height];
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, right - left, bottom - top);
  ctx.clip();
  for (const piece of piecesOf(plot, limit)) {
    ctx.beginPath();
    piece.forEach(([x, height]) => ctx.lineTo(x, height));
    ctx.strokeStyle = colorOf("--fail");
    ctx.lineWidth = 1.75 * devicePixelRatio;
    ctx.stroke();
    ctx.lineTo(piece.at(-1)?.[0] ?? right, y);
    ctx.lineTo(piece[0]?.[0] ?? left, y);
    ctx.fillStyle = colorOf("--fail-area");
    ctx.fill();
  }
  ctx.restore();
};

/** Labels of several limits stand at different places, so that near ones stay apart. */
const PLACES = [
  { align: "right", share: 1 },
  { align: "left", share: 0 },
  { align: "center", share: 0.5 },
] as const;

const drawLine = (
  { ctx }: uPlot,
  { label }: Limit,
  { left, right, y }: Box,
  { align, share }: (typeof PLACES)[number],
): void => {
  ctx.save();
  ctx.strokeStyle = colorOf("--ink");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(right, y);
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.font = canvasFont();
  ctx.textAlign = align;
  ctx.textBaseline = "bottom";
  const gap = 4 * devicePixelRatio;
  const x = left + gap + (right - left - 2 * gap) * share;
  // Readable on the lines that it crosses.
  ctx.strokeStyle = colorOf("--surface");
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.strokeText(label, x, y - gap / 2);
  ctx.fillStyle = colorOf("--ink-2");
  ctx.fillText(label, x, y - gap / 2);
  ctx.restore();
};

/** Draws limits as dashed lines with their names, and what lies beyond them; nothing where the axis does not reach one. */
export const limitHooks = (read: () => readonly Limit[]): uPlot.Hooks.Arrays => ({
  draw: [
    (plot) => {
      for (const [index, limit] of read().entries()) {
        const box = boxOf(plot, limit);
        if (box === undefined) continue;
        drawBeyond(plot, limit, box);
        drawLine(plot, limit, box, PLACES[index % PLACES.length] ?? PLACES[0]);
      }
    },
  ],
});
