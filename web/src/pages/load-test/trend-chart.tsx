import { useElementSize } from "@mantine/hooks";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { Fragment, type ReactNode } from "react";
import { inMs, rate } from "../../format/numbers.ts";
import { figuresOf } from "../runs/figures.ts";
import {
  type Mark,
  markOf,
  type Outcome,
  outcomeOf,
  piecesOf,
  type Placed,
  type Track,
  trackOf,
} from "./trend.ts";
import styles from "./trend-chart.module.css";

const LEFT = 48;
const RIGHT = 40;
const TIMES = { top: 28, height: 72 };
const RATES = { top: 136, height: 40 };
const NAMES_AT = 200;
const HEIGHT = 208;
const RADIUS = 4;
/** Below the top of the scale stands the mark of what lies above it. */
const BEYOND_AT = 6;
/** The figures of two runs need so much room beside each other, in px; words more. */
const LEAST_STEP = 44;
const LEAST_STEP_FOR_WORDS = 72;

/** Verdicts are filled and have an outline each; how a run without one ended is only outlined. */
const Shape = ({ mark, x, y }: { mark: Mark; x: number; y: number }): ReactNode => {
  const shared = { className: styles[mark] ?? styles["mark"], "data-mark": mark };
  switch (mark) {
    case "failed":
    case "stopped":
      return (
        <rect {...shared} x={x - RADIUS} y={y - RADIUS} width={RADIUS * 2} height={RADIUS * 2} />
      );
    case "inconclusive":
      return <path {...shared} d={`M${x} ${y - 6}l6 6l-6 6l-6-6z`} />;
    default:
      return <circle {...shared} cx={x} cy={y} r={RADIUS} />;
  }
};

type Band = { readonly top: number; readonly height: number };
const yOf = ({ top, height }: Band, { share }: Placed): number => top + height * (1 - share);

const Axis = ({ band, top, width }: { band: Band; top: number; width: number }): ReactNode =>
  [0, 0.5, 1].map((share) => {
    const y = band.top + band.height * (1 - share);
    return (
      <g key={share} className={styles["axis"]}>
        <line x1={LEFT} x2={width} y1={y} y2={y} />
        <text x={LEFT - 8} y={y + 4} textAnchor="end">
          {(top * share).toLocaleString("en-US")}
        </text>
      </g>
    );
  });

type LineProps = {
  readonly track: Track;
  readonly band: Band;
  readonly xOf: (index: number) => number;
  readonly className: string | undefined;
};

const Line = ({ track, band, xOf, className }: LineProps): ReactNode =>
  piecesOf(track).map((piece) => (
    <polyline
      key={piece[0]}
      className={className}
      points={piece
        .map((index) => `${xOf(index)},${yOf(band, track.values[index] as Placed)}`)
        .join(" ")}
    />
  ));

const Values = ({
  track,
  band,
  xOf,
  format,
}: Omit<LineProps, "className"> & { readonly format: (value: number) => string }): ReactNode =>
  track.values.map(
    (placed, index) =>
      placed !== null && (
        <text
          // Runs have no other name here than their place.
          // oxlint-disable-next-line react/no-array-index-key
          key={index}
          className={styles["value"]}
          x={xOf(index)}
          y={placed.isBeyond ? band.top - 2 : yOf(band, placed) - 9}
          textAnchor="middle"
        >
          {placed.isBeyond ? `above: ${format(placed.value)}` : format(placed.value)}
        </text>
      ),
  );

const Without = ({
  outcome,
  x,
  hasRoom,
}: {
  readonly outcome: Outcome;
  readonly x: number;
  readonly hasRoom: boolean;
}): ReactNode => (
  <g className={styles["without"]}>
    <line x1={x} x2={x} y1={TIMES.top} y2={RATES.top + RATES.height} />
    {hasRoom && (
      <text x={x} y={TIMES.top + 40} textAnchor="middle">
        {outcome === "could not run" || outcome === "under way" ? outcome : "no requests"}
      </text>
    )}
  </g>
);

const KEYS: readonly (readonly [mark: Mark, word: string])[] = [
  ["passed", "Passed"],
  ["failed", "Failed"],
  ["inconclusive", "Inconclusive"],
  ["finished", "Finished, no criteria"],
  ["stopped", "Stopped, no criteria"],
];

/** The marks that there are. */
const Legend = ({ runs }: { readonly runs: readonly RunAnswer[] }): ReactNode => (
  <div className={styles["legend"]}>
    <strong>p95 of all requests</strong>{" "}
    <span className="muted">ms, marked by verdict; below: requests per second</span>
    <span className={styles["key"]}>
      {KEYS.filter(([mark]) => runs.some((run) => markOf(run) === mark)).map(([mark, word]) => (
        <span key={mark}>
          <svg width="12" height="12" aria-hidden>
            <Shape mark={mark} x={6} y={6} />
          </svg>
          {word}
        </span>
      ))}
    </span>
  </div>
);

const Plot = ({
  runs,
  width,
}: {
  readonly runs: readonly RunAnswer[];
  readonly width: number;
}): ReactNode => {
  // What has not ended has no figures of the whole run yet.
  const figures = runs.map((run) => (outcomeOf(run) === "under way" ? undefined : figuresOf(run)));
  const times = trackOf(figures.map((figure) => figure?.p95ResponseMs ?? null));
  const rates = trackOf(figures.map((figure) => figure?.requestsPerSec ?? null));
  const step = (width - LEFT - RIGHT * 2) / Math.max(1, runs.length - 1);
  const xOf = (index: number): number =>
    runs.length === 1 ? width / 2 : LEFT + RIGHT + index * step;
  return (
    <svg width={width} height={HEIGHT} className={styles["plot"]} aria-hidden>
      <Axis band={TIMES} top={times.top} width={width} />
      <Axis band={RATES} top={rates.top} width={width} />
      <Line track={times} band={TIMES} xOf={xOf} className={styles["times"]} />
      <Line track={rates} band={RATES} xOf={xOf} className={styles["rates"]} />
      {runs.map((run, index) => {
        const [x, time, perSecond] = [xOf(index), times.values[index], rates.values[index]];
        return (
          <Fragment key={run.id}>
            {time == null && (
              <Without
                outcome={outcomeOf(run)}
                x={x}
                hasRoom={step >= LEAST_STEP_FOR_WORDS || runs.length === 1}
              />
            )}
            {time != null && (
              <Shape
                mark={markOf(run)}
                x={x}
                y={time.isBeyond ? TIMES.top + BEYOND_AT : yOf(TIMES, time)}
              />
            )}
            {perSecond != null && !perSecond.isBeyond && (
              <circle className={styles["dot"]} cx={x} cy={yOf(RATES, perSecond)} r="2.5" />
            )}
            <text className={styles["name"]} x={x} y={NAMES_AT} textAnchor="middle">
              #{run.runNumber}
            </text>
          </Fragment>
        );
      })}
      <Values track={times} band={TIMES} xOf={xOf} format={inMs} />
      <Values track={rates} band={RATES} xOf={xOf} format={(value) => rate(value).value} />
    </svg>
  );
};

/** The recent runs beside each other, oldest left. The table below it has the same figures for screen readers. */
export const TrendChart = ({ runs }: { readonly runs: readonly RunAnswer[] }): ReactNode => {
  const { ref, width } = useElementSize();
  // Where there is little room the newest stay.
  const most = Math.max(2, Math.floor((width - LEFT - RIGHT) / LEAST_STEP));
  const inOrder = runs.toReversed().slice(-most);
  return (
    <div className={styles["trend"]}>
      <Legend runs={inOrder} />
      <div ref={ref}>{width > 0 && <Plot runs={inOrder} width={width} />}</div>
    </div>
  );
};
