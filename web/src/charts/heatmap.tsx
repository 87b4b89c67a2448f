import { type ReactNode, useMemo } from "react";
import type uPlot from "uplot";
import { axisNumber, inMs } from "../format/numbers.ts";
import { useLatest } from "../lib/use-latest.ts";
import styles from "./charts.module.css";
import { type Decorations, decorationHooks } from "./decorations.ts";
import { type HeatmapData, type HeatmapRow, keyOf, rowsOf } from "./heatmap-rows.ts";
import { Plot } from "./plot.tsx";
import { logRange } from "./scales.ts";
import { timeFlagHooks } from "./time-flag.ts";
import {
  axisClick,
  logScale,
  mergeHooks,
  noAxis,
  timeAxis,
  timeCursor,
  valueAxis,
} from "./time-options.ts";
import { colorOf } from "./tokens.ts";

const SHADES = ["--h1", "--h2", "--h3", "--h4", "--h5", "--h6", "--h7"];

type Props = {
  readonly heatmap: HeatmapData;
  readonly height: number;
  readonly range: readonly [number, number];
  readonly loadStartMs: number;
  readonly hasTimeLabels: boolean;
  readonly decorations: Decorations;
  readonly onWindow: (window: readonly [number, number] | undefined) => void;
  /** A click on the labels of the time axis. */
  readonly onTime?: ((seconds: number) => void) | undefined;
};

/** The shade of a cell: the root of its requests per second, in seven steps. */
const shadeOf = (count: number, most: number): number =>
  Math.min(SHADES.length - 1, Math.floor(Math.sqrt(count / most) * SHADES.length));

type Drawn = Props & { readonly rows: readonly HeatmapRow[]; readonly most: number };

const drawCells = (
  plot: uPlot,
  { heatmap, rows, most }: Drawn,
  shades: readonly string[],
): void => {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const edges = heatmap.times.map((at) => [
    Math.round(plot.valToPos(at, "x", true)),
    Math.round(plot.valToPos(at + heatmap.stepSeconds, "x", true)),
  ]);
  for (const { lower, upper, counts } of rows) {
    const bottom = Math.round(plot.valToPos(lower, "y", true));
    const above = Math.round(plot.valToPos(upper, "y", true));
    for (const [index, count] of counts.entries()) {
      const [left = 0, right = 0] = edges[index] ?? [];
      if (count === 0 || right < bbox.left || left > bbox.left + bbox.width) continue;
      ctx.fillStyle = shades[shadeOf(count, most)] ?? "";
      ctx.fillRect(left, above, right - left, bottom - above);
    }
  }
  ctx.restore();
};

const optionsOf = (read: () => Drawn): Omit<uPlot.Options, "width" | "height"> => {
  const window = timeCursor((chosen) => read().onWindow(chosen));
  const shades = SHADES.map(colorOf);
  const { hasTimeLabels, loadStartMs, onTime } = read();
  const { drawClear: hatched = [], ...moments } = decorationHooks(() => read().decorations, {
    withDoubts: true,
  });
  const labelHooks = [
    ...(hasTimeLabels ? [timeFlagHooks(loadStartMs, styles["flag"])] : []),
    ...(hasTimeLabels && onTime !== undefined
      ? [axisClick((seconds) => read().onTime?.(seconds))]
      : []),
  ];
  return {
    legend: { show: false },
    scales: {
      x: { time: false, range: (_, min, max) => [min, max] },
      y: {
        ...logScale,
        range: () => {
          const { rows } = read();
          return rows.length === 0
            ? [1, 1000]
            : logRange(rows[0]?.lower ?? 1, rows.at(-1)?.upper ?? 1000);
        },
      },
    },
    axes: [
      timeAxis({ isShown: hasTimeLabels, loadStartMs }),
      valueAxis(axisNumber, { isLog: true }),
      noAxis,
    ],
    series: [{}, { points: { show: false } }],
    cursor: { ...window.cursor, points: { show: false } },
    hooks: mergeHooks(
      // Above the lines of the grid, and below what is hatched.
      { drawAxes: [(plot) => drawCells(plot, read(), shades), ...hatched] },
      moments,
      window.hooks,
      ...labelHooks,
    ),
  };
};

const descriptionOf = (rows: readonly HeatmapRow[]): string => {
  const total = rows.flatMap((row) => row.counts).reduce((sum, one) => sum + one, 0);
  return `Response time distribution: ${total} requests from ${inMs(rows[0]?.lower)} to ${inMs(rows.at(-1)?.upper)} ms.`;
};

const [SHADE_WIDTH, KEY_WIDTH] = [18, 18 * SHADES.length];

/** The shades with the requests per second at their beginning, middle and end. */
const Key = ({
  of: [lowest, middle, highest],
}: {
  readonly of: ReturnType<typeof keyOf>;
}): ReactNode => (
  <svg className={styles["key"]} width={KEY_WIDTH} height="22" aria-hidden>
    {SHADES.map((shade, index) => (
      <rect
        key={shade}
        x={SHADE_WIDTH * index}
        width={SHADE_WIDTH}
        height="8"
        fill={`var(${shade})`}
      />
    ))}
    <text y="20">{lowest}</text>
    <text x={KEY_WIDTH / 2} y="20" textAnchor="middle">
      {middle}
    </text>
    <text x={KEY_WIDTH} y="20" textAnchor="end">
      {highest}
    </text>
  </svg>
);

/** Response times over time as shades: how many requests took how long. */
export const Heatmap = (props: Props): ReactNode => {
  const { heatmap, height, range, loadStartMs, hasTimeLabels, decorations, onTime } = props;
  const rows = useMemo(() => rowsOf(heatmap, Math.floor((height - 10) / 5)), [heatmap, height]);
  const most = Math.max(1, ...rows.flatMap((row) => row.counts));
  const latest = useLatest({ ...props, rows, most });
  const data = useMemo<uPlot.AlignedData>(
    () => [[...heatmap.times], heatmap.times.map(() => null)],
    [heatmap.times],
  );
  return (
    <div className={styles["row"]}>
      <div className={styles["head"]}>
        <h3>
          Response time distribution{" "}
          <span>ms, log scale; shade: requests per second in each cell</span>
        </h3>
        <Key of={keyOf(most, heatmap.stepSeconds)} />
      </div>
      <Plot
        options={() => optionsOf(() => latest.current)}
        version={[loadStartMs, hasTimeLabels, onTime !== undefined].join("|")}
        data={data}
        height={height}
        range={range}
        overlay={decorations}
        description={descriptionOf(rows)}
      />
    </div>
  );
};
