type Mark = { readonly at: number; readonly letter: string; readonly message: string };
/** `count`: of how many events; the letter is that of the first. */
export type GroupedMark = Mark & { readonly count: number };

const LEAST_PIXELS = 18;

/** Marks that would lie on each other become one with their number. `perPixel`: seconds. */
export const groupedMarks = (marks: readonly Mark[], perPixel: number): GroupedMark[] => {
  const grouped: GroupedMark[] = [];
  for (const mark of marks.toSorted((one, other) => one.at - other.at)) {
    const last = grouped.at(-1);
    if (last === undefined || mark.at - last.at >= LEAST_PIXELS * perPixel)
      grouped.push({ ...mark, count: 1 });
    else
      grouped[grouped.length - 1] = {
        ...last,
        count: last.count + 1,
        message: `${last.message}\n${mark.message}`,
      };
  }
  return grouped;
};
