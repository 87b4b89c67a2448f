import { useElementSize } from "@mantine/hooks";
import type { ReactNode } from "react";
import { count } from "../format/numbers.ts";
import { duration, sinceStart } from "../format/times.ts";
import type { Ramp } from "./ramp.ts";
import styles from "./ramp-preview.module.css";

const [LEFT, RIGHT, TOP, BOTTOM, HEIGHT] = [44, 12, 10, 22, 128];
/** Half of fewer users is no whole number that says something. */
const LEAST_FOR_A_HALF = 4;
/** A word needs this much room. */
const ROOM_PX = 88;

/** The plan in words, which screen readers get instead of the picture. */
const sentenceOf = (ramp: Ramp, asked: number): string => {
  const users = ramp.reached === 1 ? "user" : "users";
  const rise = `${count(ramp.reached)} ${users} after ${duration(ramp.rampSeconds * 1000)}`;
  if (ramp.steadySeconds === undefined) return `${rise}, then until the run is stopped.`;
  if (ramp.steadySeconds === 0)
    return `Only ${rise}: ${count(asked)} are not reached before the end.`;
  return `${rise}, then steady for ${duration(ramp.steadySeconds * 1000)}.`;
};

const Picture = ({ ramp, width }: { readonly ramp: Ramp; readonly width: number }): ReactNode => {
  const end = ramp.points.at(-1)?.[0] ?? 1;
  const x = (seconds: number): number => LEFT + (seconds / end) * (width - LEFT - RIGHT);
  const y = (users: number): number =>
    HEIGHT - BOTTOM - (users / ramp.reached) * (HEIGHT - TOP - BOTTOM);
  const line = ramp.points.map(([seconds, users]) => `${x(seconds)},${y(users)}`).join(" ");
  const [rampEnd, base] = [x(ramp.rampSeconds), y(0)];
  const isOpen = ramp.steadySeconds === undefined;
  return (
    <svg width={width} height={HEIGHT} className={styles["picture"]} aria-hidden>
      <polygon className={styles["area"]} points={`${x(0)},${base} ${line} ${x(end)},${base}`} />
      {(ramp.reached >= LEAST_FOR_A_HALF ? [0, 0.5, 1] : [0, 1]).map((share) => (
        <g key={share} className={styles["axis"]}>
          <line
            x1={LEFT}
            x2={width - RIGHT}
            y1={y(ramp.reached * share)}
            y2={y(ramp.reached * share)}
          />
          <text x={LEFT - 8} y={y(ramp.reached * share) + 4} textAnchor="end">
            {count(ramp.reached * share)}
          </text>
        </g>
      ))}
      {ramp.steadySeconds !== 0 && (
        <line className={styles["change"]} x1={rampEnd} x2={rampEnd} y1={TOP} y2={base} />
      )}
      <polyline className={styles["line"]} points={line} />
      <g className={styles["words"]} textAnchor="middle">
        {rampEnd - LEFT > ROOM_PX && (
          <text x={(LEFT + rampEnd) / 2} y={base - 8}>
            ramp-up {duration(ramp.rampSeconds * 1000)}
          </text>
        )}
        {x(end) - rampEnd > ROOM_PX && (
          <text x={(rampEnd + x(end)) / 2} y={base - 8}>
            {isOpen ? "until stopped" : `steady ${duration((ramp.steadySeconds ?? 0) * 1000)}`}
          </text>
        )}
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

/** How the users will rise, as it follows from what is typed. */
export const RampPreview = ({
  ramp,
  asked,
}: {
  readonly ramp: Ramp | undefined;
  readonly asked: number;
}): ReactNode => {
  const { ref, width } = useElementSize();
  return (
    <div className={styles["preview"]}>
      <div ref={ref} className={styles["room"]}>
        {ramp !== undefined && width > 0 && <Picture ramp={ramp} width={width} />}
      </div>
      <p className="muted" role="status">
        {ramp === undefined
          ? "Users, spawn rate and duration above 0 make a load."
          : sentenceOf(ramp, asked)}
      </p>
    </div>
  );
};
