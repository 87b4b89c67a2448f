/** In pixels of the canvas, y downwards. */
export type Rect = {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
};
type Point = readonly [x: number, y: number];

/** Whether a piece of a line goes through a rectangle. */
const crosses = ([x1, y1]: Point, [x2, y2]: Point, { left, right, top, bottom }: Rect): boolean => {
  if (Math.max(x1, x2) < left || Math.min(x1, x2) > right) return false;
  const slope = x2 === x1 ? 0 : (y2 - y1) / (x2 - x1);
  const at = (x: number): number => y1 + (x - x1) * slope;
  // A vertical piece has both of its ends.
  const ends =
    x2 === x1
      ? [y1, y2]
      : [at(Math.max(left, Math.min(x1, x2))), at(Math.min(right, Math.max(x1, x2)))];
  return Math.max(...ends) >= top && Math.min(...ends) <= bottom;
};

const overlap = (one: Rect, other: Rect): boolean =>
  one.left < other.right &&
  one.right > other.left &&
  one.top < other.bottom &&
  one.bottom > other.top;

/** The first place that no line goes through and no other label has; otherwise the one with the fewest of both. */
export const freePlace = <Place extends Rect>(
  places: readonly Place[],
  lines: readonly (readonly Point[])[],
  taken: readonly Rect[],
): Place | undefined => {
  const hits = (place: Place): number => {
    const labels = taken.filter((one) => overlap(one, place)).length;
    const pieces = lines.flatMap((line) =>
      line.filter((point, index) => {
        const before = line[index - 1];
        return before !== undefined && crosses(before, point, place);
      }),
    ).length;
    // A label on a label cannot be read at all.
    return labels * 1000 + pieces;
  };
  const counted = places.map((place) => ({ place, hits: hits(place) }));
  const least = Math.min(...counted.map((one) => one.hits));
  return counted.find((one) => one.hits === least)?.place;
};
