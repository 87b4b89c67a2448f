import {
  type Expression,
  type Limit,
  type Metric,
  type Unit,
  unitOf,
  type Window,
} from "./expression.ts";

const MINUTE = 60;
const HOUR = 3600;

/** Whole hours and minutes from two on are written as such: 60 s, 5 min, 2 h. */
export const formatSeconds = (seconds: number): string => {
  if (seconds >= 2 * HOUR && seconds % HOUR === 0) return `${seconds / HOUR} h`;
  if (seconds >= 2 * MINUTE && seconds % MINUTE === 0) return `${seconds / MINUTE} min`;
  return `${seconds} s`;
};

/** Nothing where the window is the whole run. */
const formatWindow = (window: Window): string => {
  switch (window.kind) {
    case "run":
      return "";
    case "steady":
      return " over steady";
    case "last":
      return ` over last ${formatSeconds(window.seconds)}`;
    case "between":
      return ` over ${formatSeconds(window.fromSeconds)} .. ${formatSeconds(window.toSeconds)}`;
    case "every":
      return ` in every ${formatSeconds(window.seconds)}`;
  }
};

const formatLimit = (metric: Metric, limit: Limit): string => {
  if (limit.kind === "baseline")
    return limit.factor === 1 ? "baseline" : `baseline * ${limit.factor}`;
  const unit = unitOf(metric);
  return unit === "ms" || unit === "%" ? `${limit.value} ${unit}` : String(limit.value);
};

/** Texts that need no quotes between brackets. */
const PLAIN = /^[^\s()"\\](?:[^()"\\\r\n]*[^\s()"\\])?$/;

/** A pattern of endpoints in its brackets, quoted where it must be; nothing without one. */
export const formatEndpoints = (endpoints: string | undefined): string => {
  if (endpoints === undefined) return "";
  const isPlain = PLAIN.test(endpoints) && endpoints !== "all";
  return isPlain ? `(${endpoints})` : `("${endpoints.replaceAll('"', '\\"')}")`;
};

/** The text of an expression; the parser reads the same expression from it. */
export const formatExpression = (expression: Expression): string => {
  const { metric, endpoints, window, operator, limit } = expression;
  const named = `${metric}${formatEndpoints(endpoints)}`;
  return `${named} ${operator} ${formatLimit(metric, limit)}${formatWindow(window)}`;
};

/**
 * A figure with its unit for people: whole numbers as they are, others with four digits. With a limit as many more as tell the
 * two apart, so that no violated criterion shows its limit as its figure.
 */
export const formatFigure = (value: number, unit: Unit, limit?: number | null): string => {
  const whole = Math.trunc(Math.abs(value)).toString().length;
  const spellings = Number.isInteger(value)
    ? [value]
    : [Math.max(4, whole), 7, 10, 17].map((digits) => Number(value.toPrecision(digits)));
  const shown = spellings.find((one) => one !== limit) ?? value;
  const separator = unit === "" || unit === "/s" ? "" : " ";
  return `${shown}${separator}${unit}`;
};

/** What a figure was compared with, for people: `baseline 10.5 ms of #3, #2`. */
export const formatBaseline = (
  {
    value,
    runs,
  }: {
    readonly value: number;
    readonly runs: readonly { readonly id: string; readonly runNumber?: number | undefined }[];
  },
  unit: Unit,
): string => {
  const names = runs.map(({ id, runNumber }) => (runNumber === undefined ? id : `#${runNumber}`));
  return `baseline ${formatFigure(value, unit)} of ${names.join(", ")}`;
};
