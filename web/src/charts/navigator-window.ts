/** A part of the run, in seconds since load start. */
export type Span = readonly [from: number, to: number];
/** What is taken hold of: an end of the window, or the window itself. */
export type Part = "from" | "to" | "middle";

const LEAST_SECONDS = 1;
const clamp = (value: number, least: number, most: number): number =>
  Math.min(Math.max(value, least), most);

/** The window after a part of it was moved `by` seconds, within the run. */
export const movedWindow = (part: Part, [from, to]: Span, by: number, end: number): Span => {
  switch (part) {
    case "from":
      return [clamp(from + by, 0, to - LEAST_SECONDS), to];
    case "to":
      return [from, clamp(to + by, from + LEAST_SECONDS, end)];
    case "middle": {
      const length = to - from;
      const start = clamp(from + by, 0, Math.max(0, end - length));
      return [start, start + length];
    }
  }
};

/** The window between two times, in either order, within the run. */
export const spannedWindow = (one: number, other: number, end: number): Span => [
  clamp(Math.min(one, other), 0, end),
  clamp(Math.max(one, other), 0, end),
];

/** How far a key moves, in seconds; `undefined` for other keys. */
export const secondsOfKey = (key: string, end: number): number | undefined => {
  const step = Math.max(LEAST_SECONDS, Math.round(end / 100));
  switch (key) {
    case "ArrowLeft":
    case "ArrowDown":
      return -step;
    case "ArrowRight":
    case "ArrowUp":
      return step;
    case "PageDown":
      return -10 * step;
    case "PageUp":
      return 10 * step;
    case "Home":
      return -Infinity;
    case "End":
      return Infinity;
    default:
      return undefined;
  }
};
