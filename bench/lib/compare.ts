import { median } from "./pairs.ts";

/** Above it a metric wants an explanation. */
const WORTH_A_WORD = 1.05;
/** Above it a metric fails. */
const TOO_MUCH = 1.1;

/** What one run of a measurement gave: metric → value, of which less is better. */
export type Measurements = Readonly<Record<string, number>>;

/** Of one metric, this tree's to the other's: the median of the pairs' ratios, and the least and greatest of them. */
export type Comparison = {
  readonly metric: string;
  readonly ratio: number;
  readonly spread: readonly [number, number];
  readonly verdict: "ok" | "explain" | "fail";
  readonly ours: number;
  readonly other: number;
};

/**
 * Measures both in turns, so that they see the same machine; the first of a pair is the second of the next. A pair before
 * them, which is not counted, warms up what both use.
 */
export const measurePairs = async (
  pairs: number,
  ours: () => Promise<Measurements>,
  other: () => Promise<Measurements>,
): Promise<{ readonly ours: Measurements; readonly other: Measurements }[]> => {
  const one = async (isOursFirst: boolean) => {
    if (isOursFirst) {
      const first = await ours();
      return { ours: first, other: await other() };
    }
    const first = await other();
    return { ours: await ours(), other: first };
  };
  await one(true);
  const measured = [];
  for (let pair = 0; pair < pairs; pair += 1) measured.push(await one(pair % 2 === 0));
  return measured;
};

export const compare = (
  measured: readonly { readonly ours: Measurements; readonly other: Measurements }[],
): Comparison[] =>
  Object.keys(measured[0]?.ours ?? {}).map((metric) => {
    const values = measured.map(({ ours, other }) => {
      const [a, b] = [ours[metric], other[metric]];
      if (a === undefined || b === undefined || !(b > 0))
        throw new Error(`${metric} was not measured in both trees: ${a} and ${b}`);
      return { a, b };
    });
    const ratios = values.map(({ a, b }) => a / b);
    const ratio = median(ratios);
    const isFine = ratio <= WORTH_A_WORD;
    return {
      metric,
      ratio,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      verdict: isFine ? "ok" : ratio <= TOO_MUCH ? "explain" : "fail",
      ours: median(values.map(({ a }) => a)),
      other: median(values.map(({ b }) => b)),
    };
  });

const MARKS = {
  ok: "",
  explain: `  above ${WORTH_A_WORD}: explain it`,
  fail: `  ABOVE ${TOO_MUCH.toFixed(2)}: FAILED`,
};

export const lineOf = ({ metric, ratio, spread, verdict, ours, other }: Comparison): string =>
  `${metric}: ${ratio.toFixed(3)}× (${spread[0].toFixed(2)}–${spread[1].toFixed(2)}; ${ours.toPrecision(4)} vs ${other.toPrecision(4)})${MARKS[verdict]}`;
