/** One row of the bench's table. `ratio` is ours divided by the other's; null if there is nothing to compare with. */
export type Row = {
  readonly what: string;
  readonly value: string;
  readonly ratio: number | null;
  readonly spread?: readonly [number, number];
  readonly pairs?: number;
  /** The goal for the ratio or the value. */
  readonly goal?: string;
  readonly met?: boolean;
  readonly note?: string;
};

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** The duration of `work` in milliseconds. */
export const timed = async (work: () => unknown): Promise<number> => {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
};

/** Measures ours and the other alternately, so that both see the same load of the machine. */
export const inPairs = async (
  pairs: number,
  ours: () => Promise<number>,
  other: () => Promise<number>,
): Promise<{
  readonly ratio: number;
  readonly spread: readonly [number, number];
  readonly pairs: number;
  readonly ours: number;
  readonly other: number;
}> => {
  await ours();
  await other();
  const [a, b]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    a.push(await ours());
    b.push(await other());
  }
  const ratios = a.map((value, index) => value / (b[index] ?? 1));
  return {
    ratio: median(ratios),
    spread: [Math.min(...ratios), Math.max(...ratios)],
    pairs,
    ours: median(a),
    other: median(b),
  };
};
