/** Levenshtein distance. */
const distance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of one.split("").entries()) {
    const next = [i + 1];
    for (const [j, wanted] of other.split("").entries()) {
      const changed = (row[j] ?? 0) + (letter === wanted ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
};

/** No name of ours is as long, and the comparison of a long one takes long. */
const LONGEST = 64;

/** The known name that is most like another one; `undefined` where none is like it. */
export const nearestOf = (name: string, known: Iterable<string>): string | undefined => {
  if (name.length > LONGEST) return undefined;
  return [...known]
    .map((one) => ({ one, edits: distance(name.toLowerCase(), one.toLowerCase()) }))
    .filter(({ one, edits }) => one !== name && edits <= Math.min(3, Math.ceil(one.length / 3)))
    .toSorted((a, b) => a.edits - b.edits)[0]?.one;
};
