import type { ReactNode } from "react";

const [WIDTH, HEIGHT] = [100, 24];
const LEAST_POINTS = 6;

/** A small line that starts at zero; its last point is marked, and gaps stay open. Nothing below six points. */
export const Sparkline = ({
  values,
  color = "--p95",
  label,
}: {
  readonly values: readonly (number | null)[];
  readonly color?: string;
  readonly label: string;
}): ReactNode => {
  const known = values.filter((value) => value !== null);
  if (known.length < LEAST_POINTS) return null;
  const max = Math.max(...known) || 1;
  const x = (index: number): number => 2 + (index / Math.max(1, values.length - 1)) * (WIDTH - 6);
  const y = (value: number): number => HEIGHT - 3 - (value / max) * (HEIGHT - 6);
  const path = values
    .map((value, index) => {
      if (value === null) return "";
      const isStart = index === 0 || values[index - 1] === null;
      return `${isStart ? "M" : "L"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join("");
  const last = values.findLastIndex((value) => value !== null);
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <path d={path} fill="none" stroke={`var(${color})`} strokeWidth="1.25" />
      <circle cx={x(last)} cy={y(values[last] ?? 0)} r="1.8" fill={`var(${color})`} />
    </svg>
  );
};
