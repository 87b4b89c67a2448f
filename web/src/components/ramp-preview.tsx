import { useElementSize } from "@mantine/hooks";
import type { ReactNode } from "react";
import { count } from "../format/numbers.ts";
import { sinceStart } from "../format/times.ts";
import type { LoadPlan } from "./load-plan.ts";
import styles from "./ramp-preview.module.css";

const [LEFT, RIGHT, TOP, BOTTOM, HEIGHT] = [44, 12, 10, 22, 128];
/** Half of fewer users is no whole number that says something. */
const LEAST_FOR_A_HALF = 4;
/** A word needs so much room for each of its letters. */
const LETTER_PX = 6;

const WORD_GAP = 6;

/** Where a part has its word: below the high end of its line, so that the line does not cross it. `room`: how much of it a word needs there. */
const wordPlace = ({
  from,
  to,
  rise,
}: {
  readonly from: number;
  readonly to: number;
  readonly rise: number;
}) => {
  if (rise > 0) return { x: to - WORD_GAP, anchor: "end", room: 1.4 } as const;
  if (rise < 0) return { x: from + WORD_GAP, anchor: "start", room: 1.4 } as const;
  return { x: (from + to) / 2, anchor: "middle", room: 1 } as const;
};

const Picture = ({
  plan: { points, parts, most, isOpen },
  width,
}: {
  readonly plan: LoadPlan;
  readonly width: number;
}): ReactNode => {
  const end = points.at(-1)?.[0] ?? 1;
  // A plan of pauses alone has its line on the axis.
  const top = Math.max(1, most);
  const x = (seconds: number): number => LEFT + (seconds / end) * (width - LEFT - RIGHT);
  const y = (users: number): number => HEIGHT - BOTTOM - (users / top) * (HEIGHT - TOP - BOTTOM);
  const line = points.map(([seconds, users]) => `${x(seconds)},${y(users)}`).join(" ");
  const base = y(0);
  // Where two points have the same time, a part begins with the later one.
  const usersAt = (seconds: number): number =>
    points.reduce(
      (nearest, point) =>
        Math.abs(point[0] - seconds) < Math.abs(nearest[0] - seconds) ? point : nearest,
      points[0] ?? [0, 0],
    )[1];
  return (
    <svg width={width} height={HEIGHT} className={styles["picture"]} aria-hidden>
      <polygon className={styles["area"]} points={`${x(0)},${base} ${line} ${x(end)},${base}`} />
      {(top >= LEAST_FOR_A_HALF ? [0, 0.5, 1] : [0, 1]).map((share) => (
        <g key={share} className={styles["axis"]}>
          <line x1={LEFT} x2={width - RIGHT} y1={y(top * share)} y2={y(top * share)} />
          <text x={LEFT - 8} y={y(top * share) + 4} textAnchor="end">
            {count(top * share)}
          </text>
        </g>
      ))}
      {parts.slice(1).map(({ from }) => (
        <line
          key={from}
          className={styles["change"]}
          x1={x(from)}
          x2={x(from)}
          y1={TOP}
          y2={base}
        />
      ))}
      <polyline className={styles["line"]} points={line} />
      <g className={styles["words"]}>
        {parts.map(({ from, to, words }) => {
          const place = wordPlace({ from: x(from), to: x(to), rise: usersAt(to) - usersAt(from) });
          return (
            x(to) - x(from) > words.length * LETTER_PX * place.room && (
              <text
                key={from}
                className={styles["word"]}
                x={place.x}
                y={base - 8}
                textAnchor={place.anchor}
              >
                {words}
              </text>
            )
          );
        })}
      </g>
      <g className={styles["axis"]}>
        <text x={LEFT} y={HEIGHT - 6}>
          0:00
        </text>
        {!isOpen && (
          <text x={width - RIGHT} y={HEIGHT - 6} textAnchor="end">
            {sinceStart(end)}
          </text>
        )}
      </g>
    </svg>
  );
};

/** How the users will rise and fall, as it follows from what is typed. */
export const RampPreview = ({
  plan,
  otherwise = "Users, spawn rate and duration above 0 make a load.",
}: {
  readonly plan: LoadPlan | undefined;
  /** What to say while there is no plan. */
  readonly otherwise?: string;
}): ReactNode => {
  const { ref, width } = useElementSize();
  return (
    <div className={styles["preview"]}>
      <div ref={ref} className={styles["room"]}>
        {plan !== undefined && width > 0 && <Picture plan={plan} width={width} />}
      </div>
      <p className="muted" role="status">
        {plan === undefined ? otherwise : plan.sentence}
      </p>
    </div>
  );
};
