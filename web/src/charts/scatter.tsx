import { type ReactNode, useMemo } from "react";
import type uPlot from "uplot";
import { axisNumber } from "../format/numbers.ts";
import { useLatest } from "../lib/use-latest.ts";
import { Plot } from "./plot.tsx";
import { linearRange } from "./scales.ts";
import { FONT, valueAxis } from "./time-options.ts";
import { colorOf } from "./tokens.ts";

const SHADES = ["--h1", "--h2", "--h3", "--h4", "--h5", "--h6", "--h7"];
const RADIUS = 4;

/** One point of time: where it lies, the shade of its users, and whether it is outside the window. */
export type ScatterPoint = {
  readonly x: number;
  readonly y: number;
  readonly users: number;
  readonly isOutside: boolean;
};
type Cross = { readonly x: number; readonly y: number };

type Props = {
  /** In the order of time. */
  readonly points: readonly ScatterPoint[];
  readonly cross: Cross | undefined;
  readonly height: number;
  readonly description: string;
};

const shadeOf = (users: number, most: number): number =>
  Math.min(SHADES.length - 1, Math.floor((users / Math.max(1, most)) * SHADES.length));

const drawPoints = (plot: uPlot, { points, cross }: Props): void => {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  const shades = SHADES.map(colorOf);
  const most = Math.max(1, ...points.map(({ users }) => users));
  const place = ({ x, y }: Cross): [number, number] => [
    plot.valToPos(x, "x", true),
    plot.valToPos(y, "y", true),
  ];
  ctx.save();
  ctx.strokeStyle = colorOf("--line-2");
  ctx.lineWidth = ratio;
  ctx.beginPath();
  for (const [index, point] of points.entries()) {
    if (index === 0) ctx.moveTo(...place(point));
    else ctx.lineTo(...place(point));
  }
  ctx.stroke();
  const [inside, outside] = [colorOf("--p95"), colorOf("--ghost")];
  // Those of the window lie above the others.
  for (const point of points.toSorted(
    (one, other) => Number(other.isOutside) - Number(one.isOutside),
  )) {
    ctx.strokeStyle = point.isOutside ? outside : inside;
    ctx.beginPath();
    ctx.arc(...place(point), RADIUS * ratio, 0, 2 * Math.PI);
    ctx.fillStyle = point.isOutside
      ? colorOf("--surface")
      : (shades[shadeOf(point.users, most)] ?? "");
    ctx.fill();
    ctx.stroke();
  }
  if (cross !== undefined) {
    const [x, y] = place(cross);
    const { left, top, width, height } = plot.bbox;
    ctx.strokeStyle = colorOf("--ink");
    ctx.setLineDash([5 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  ctx.restore();
};

/** Response time against requests per second, one point for each part of time, shaded by users. */
export const Scatter = (props: Props): ReactNode => {
  const { points, height, description } = props;
  const latest = useLatest(props);
  const data = useMemo<uPlot.AlignedData>(() => {
    const inOrder = points.toSorted((one, other) => one.x - other.x);
    return [inOrder.map(({ x }) => x), inOrder.map(({ y }) => y)];
  }, [points]);
  const options = (): Omit<uPlot.Options, "width" | "height"> => ({
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, __, max) => linearRange(max) },
      y: { range: (_, __, max) => linearRange(max) },
    },
    axes: [
      {
        stroke: colorOf("--ink-3"),
        font: FONT,
        grid: { stroke: colorOf("--line"), width: 1 },
        ticks: { show: false },
        size: 28,
      },
      valueAxis(axisNumber),
    ],
    series: [{}, { stroke: "transparent", points: { show: false } }],
    cursor: { show: false },
    hooks: { draw: [(plot) => drawPoints(plot, latest.current)] },
  });
  return (
    <Plot
      options={options}
      version="scatter"
      data={data}
      height={height}
      description={description}
    />
  );
};
