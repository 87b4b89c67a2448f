/** Whole numbers (seconds, record numbers) as ascending ranges that do not touch, both ends included. */
export type Range = [from: number, to: number];

/** Adds a range in place. Appending behind the last range is the usual case and costs nothing. */
export const addRange = (ranges: Range[], from: number, to: number): void => {
  const last = ranges.at(-1);
  if (last === undefined || from > last[1] + 1) ranges.push([from, to]);
  else if (from >= last[0]) last[1] = Math.max(last[1], to);
  else {
    const unmerged = [...ranges, [from, to] as Range].toSorted(([a], [b]) => a - b);
    ranges.length = 0;
    for (const [start, end] of unmerged) addRange(ranges, start, end);
  }
};
