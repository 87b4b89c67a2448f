import type uPlot from "uplot";
import { freePlace, type Rect } from "./label-place.ts";
import { AXIS_WIDTH, canvasFont } from "./time-options.ts";
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

const drawLine = ({ ctx }: uPlot, { left, right, y }: Box): void => {
  ctx.save();
  ctx.strokeStyle = colorOf("--ink");
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(left, y);
  ctx.lineTo(right, y);
  ctx.stroke();
  ctx.restore();
};

/** The lines of all series, between gaps. */
const linesOf = (plot: uPlot): [x: number, y: number][][] =>
  plot.series.slice(1).flatMap(({ label, scale }) =>
    piecesOf(plot, {
      value: 0,
      label: "",
      ...(typeof label === "string" ? { series: label } : {}),
      ...(scale === "right" ? { axis: "right" as const } : {}),
    }),
  );

/** A place for a name, which has two lines in the margin. */
type Place = Rect & { readonly rows: readonly string[] };
const ROW = 13;

/** Right of the chart no line is crossed; `undefined` where the name is too long for it. */
const placeInMargin = ({ ctx, bbox }: uPlot, label: string, y: number): Place | undefined => {
  const gap = 4 * devicePixelRatio;
  const [first = "", ...others] = label.split(" ");
  const rows = [first, others.join(" ")];
  const width = Math.max(...rows.map((row) => ctx.measureText(row).width));
  if (width > AXIS_WIDTH * devicePixelRatio - 2 * gap) return undefined;
  const left = bbox.left + bbox.width + gap;
  const height = rows.length * ROW * devicePixelRatio;
  const end = bbox.top + bbox.height;
  const top = Math.min(Math.max(0, y - height / 2), end - height);
  return { left, right: left + width, top, bottom: top + height, rows };
};

/** Where the name of a limit can stand, the best first: above the line and below it, at its right end, its left one, or between. */
const placesInside = ({ ctx, bbox }: uPlot, label: string, { left, right, y }: Box): Place[] => {
  const gap = 4 * devicePixelRatio;
  const height = ROW * devicePixelRatio;
  const { width } = ctx.measureText(label);
  const end = bbox.left + bbox.width;
  // A short limit, such as that of a window that has just begun, has a name that is longer than itself.
  const within = (x: number): number => Math.max(bbox.left + gap, Math.min(x, end - width - gap));
  const starts = [right - gap - width, end - gap - width, left + gap, (left + right - width) / 2];
  return starts
    .map(within)
    .flatMap((x) => [y - gap / 2 - height, y + gap / 2].map((top) => ({ x, top })))
    .filter(({ top }) => top >= bbox.top && top + height <= bbox.top + bbox.height)
    .map(({ x, top }) => ({
      ...{ left: x, right: x + width, top, bottom: top + height },
      rows: [label],
    }));
};

type Around = {
  readonly lines: readonly [number, number][][];
  /** Where other names are. */
  readonly taken: readonly Rect[];
  readonly hasMargin: boolean;
};

/** Names a limit where it can be read. → where that is. */
const drawName = (
  plot: uPlot,
  { label }: Limit,
  box: Box,
  { lines, taken, hasMargin }: Around,
): Rect | undefined => {
  const { ctx } = plot;
  ctx.save();
  ctx.font = canvasFont();
  const outside = hasMargin ? placeInMargin(plot, label, box.y) : undefined;
  const places = [...(outside === undefined ? [] : [outside]), ...placesInside(plot, label, box)];
  const place = freePlace(places, lines, taken);
  ctx.textAlign = "left";
  ctx.textBaseline = "middle";
  // Readable on the lines that it crosses.
  ctx.lineJoin = "round";
  ctx.strokeStyle = colorOf("--surface");
  ctx.lineWidth = 6 * devicePixelRatio;
  ctx.fillStyle = colorOf("--ink-2");
  for (const [index, row] of (place?.rows ?? []).entries()) {
    const middle = (place?.top ?? 0) + (index + 0.5) * ROW * devicePixelRatio;
    ctx.strokeText(row, place?.left ?? 0, middle);
    ctx.fillText(row, place?.left ?? 0, middle);
  }
  ctx.restore();
  return place;
};

/** Draws limits as dashed lines with their names, and what lies beyond them; nothing where the axis does not reach one. */
export const limitHooks = (
  read: () => readonly Limit[],
  /** Whether the margin on the right has neither an axis nor other names. */
  hasMargin: boolean,
  /** Where other names stand. */
  namesOf: (plot: uPlot) => readonly Rect[],
): uPlot.Hooks.Arrays => ({
  draw: [
    (plot) => {
      const drawn = read().flatMap((limit) => {
        const box = boxOf(plot, limit);
        return box === undefined ? [] : [{ limit, box }];
      });
      if (drawn.length === 0) return;
      for (const { limit, box } of drawn) {
        drawBeyond(plot, limit, box);
        drawLine(plot, box);
      }
      const lines = linesOf(plot);
      const taken = [...namesOf(plot)];
      for (const { limit, box } of drawn) {
        const place = drawName(plot, limit, box, { lines, taken, hasMargin });
        if (place !== undefined) taken.push(place);
      }
    },
  ],
});
