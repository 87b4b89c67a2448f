import { median } from "./pairs.ts";

/** Above this ratio a metric needs an explanation. */
const EXPLAIN_ABOVE = 1.05;
/** Above this ratio a metric fails. */
const FAIL_ABOVE = 1.1;

/** The result of one measurement: metric → value. Lower is better. */
export type Measurements = Readonly<Record<string, number>>;

/** One metric of this tree compared with the other: the median of the ratios of all pairs, with the smallest and largest. */
export type Comparison = {
  readonly metric: string;
  readonly ratio: number;
  readonly spread: readonly [number, number];
  readonly verdict: "ok" | "explain" | "fail";
  readonly ours: number;
  readonly other: number;
};

/**
 * Measures both trees alternately, so that both see the same load of the machine; the order changes with each pair. A first
 * pair, which is not counted, warms up the caches.
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
    const isFine = ratio <= EXPLAIN_ABOVE;
    return {
      metric,
      ratio,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      verdict: isFine ? "ok" : ratio <= FAIL_ABOVE ? "explain" : "fail",
      ours: median(values.map(({ a }) => a)),
      other: median(values.map(({ b }) => b)),
    };
  });

const MARKS = {
  ok: "",
  explain: `  above ${EXPLAIN_ABOVE}: explain it`,
  fail: `  ABOVE ${FAIL_ABOVE.toFixed(2)}: FAILED`,
};

export const lineOf = ({ metric, ratio, spread, verdict, ours, other }: Comparison): string =>
  `${metric}: ${ratio.toFixed(3)}× (${spread[0].toFixed(2)}–${spread[1].toFixed(2)}; ${ours.toPrecision(4)} vs ${other.toPrecision(4)})${MARKS[verdict]}`;
