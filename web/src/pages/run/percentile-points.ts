import type { PercentileCurve } from "../../charts/percentile-chart.tsx";

/** A percentile is shown as far as so many values are beyond it. */
const LEAST_BEYOND = 10;

/** What the API says of some requests. */
type Measured = {
  readonly percentiles?: Readonly<Record<string, number | null>> | undefined;
  /** How many response times are behind it. */
  readonly timed: number | null | undefined;
};

type Drawn = { readonly look: Omit<PercentileCurve, "values">; readonly measured: Measured };

/** The percentiles in order, as far as one of the curves has enough values beyond, and each curve over them. */
export const curvesOf = (
  drawn: readonly Drawn[],
): { readonly percentiles: number[]; readonly curves: PercentileCurve[] } => {
  const known = drawn.map(
    ({ measured }) =>
      new Map(
        Object.entries(measured.percentiles ?? {})
          .map(([percentile, ms]) => [Number(percentile), ms] as const)
          .filter(
            ([percentile, ms]) =>
              ms !== null &&
              ((measured.timed ?? 0) * (100 - percentile)) / 100 >= LEAST_BEYOND - 1e-6,
          ),
      ),
  );
  const percentiles = [...new Set(known.flatMap((curve) => [...curve.keys()]))].toSorted(
    (one, other) => one - other,
  );
  return {
    percentiles,
    curves: drawn.map(({ look }, index) => ({
      ...look,
      values: percentiles.map((percentile) => known[index]?.get(percentile) ?? null),
    })),
  };
};
