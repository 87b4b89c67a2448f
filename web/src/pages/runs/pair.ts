/** What is chosen after a click: at most two, the one that was chosen first gives way. */
export const chosenAfter = (chosen: readonly string[], id: string): readonly string[] =>
  chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen.slice(-1), id];

type Dated = { readonly id: string; readonly createdAt: number };

/** Two runs, the newer first; `undefined` unless there are two. */
export const newerFirst = <Run extends Dated>(
  runs: readonly Run[],
): readonly [newer: Run, older: Run] | undefined => {
  const [newer, older, third] = runs.toSorted((one, other) => other.createdAt - one.createdAt);
  return newer === undefined || older === undefined || third !== undefined
    ? undefined
    : [newer, older];
};
