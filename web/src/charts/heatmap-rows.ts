export type HeatmapData = {
  /** The start of each time bucket, in seconds since load start. */
  readonly times: readonly number[];
  readonly stepSeconds: number;
  readonly lowerMs: readonly number[];
  readonly upperMs: readonly number[];
  readonly counts: readonly (readonly number[])[];
};

export type HeatmapRow = {
  readonly lower: number;
  readonly upper: number;
  readonly counts: number[];
};

const perSecond = (count: number): string =>
  count.toLocaleString("en-US", { maximumSignificantDigits: 2 });

/**
 * The requests per second at the beginning, the middle and the end of the shades, whose root ascends evenly; `most`: the
 * requests of the fullest cell.
 */
export const keyOf = (most: number, stepSeconds: number): readonly [string, string, string] => {
  const highest = most / stepSeconds;
  return ["0", perSecond(highest / 4), perSecond(highest)];
};

/** The latency buckets that have requests, with as many neighbours joined that there are at most so many rows. */
export const rowsOf = ({ lowerMs, upperMs, counts }: HeatmapData, most: number): HeatmapRow[] => {
  const totals = lowerMs.map((_, row) =>
    counts.reduce((sum, column) => sum + (column[row] ?? 0), 0),
  );
  const first = totals.findIndex((total) => total > 0);
  const last = totals.findLastIndex((total) => total > 0);
  if (first === -1) return [];
  const joined = Math.max(1, Math.ceil((last - first + 1) / most));
  const rows: HeatmapRow[] = [];
  for (let from = first; from <= last; from += joined) {
    const to = Math.min(from + joined - 1, last);
    rows.push({
      lower: Math.max(lowerMs[from] ?? 0, 0.1),
      upper: upperMs[to] ?? 0,
      counts: counts.map((column) => column.slice(from, to + 1).reduce((sum, one) => sum + one, 0)),
    });
  }
  return rows;
};
