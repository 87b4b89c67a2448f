import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addHistogram,
  addLatency,
  emptyHistogram,
  percentile,
  subtractHistogram,
  valuesAbove,
} from "./histogram.ts";

describe("values above a limit", () => {
  const values = fc.array(fc.integer({ min: 0, max: 10_000_000 }), {
    minLength: 1,
    maxLength: 200,
  });
  const histogramOf = (list: readonly number[]) => {
    const histogram = emptyHistogram();
    for (const us of list) addLatency(histogram, us);
    return histogram;
  };
  const boundsOf = (list: readonly number[]) => ({
    minUs: Math.min(...list),
    maxUs: Math.max(...list),
  });

  test("are those that a percentile is compared with: the same answer both ways", () => {
    fc.assert(
      fc.property(
        values,
        fc.integer({ min: 1, max: 99 }),
        fc.integer({ min: 0, max: 10_000_000 }),
        (list, p, limitUs) => {
          const [histogram, bounds] = [histogramOf(list), boundsOf(list)];
          const figure = (percentile(histogram, p, bounds) ?? 0) * 1000;
          const above = valuesAbove(histogram, limitUs / 1000, bounds);
          const tail = ((100 - p) / 100) * list.length;
          if (figure > limitUs + 1e-6) expect(above).toBeGreaterThan(tail - 1e-6);
          if (figure < limitUs - 1e-6) expect(above).toBeLessThan(tail + 1e-6);
        },
      ),
    );
  });

  test("are right but for the bucket of the limit", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 10_000_000 }), (list, limitUs) => {
        const above = valuesAbove(histogramOf(list), limitUs / 1000, boundsOf(list));
        const near = limitUs / 64 + 1;
        expect(above).toBeGreaterThanOrEqual(
          list.filter((us) => us > limitUs + near).length - 1e-6,
        );
        expect(above).toBeLessThanOrEqual(list.filter((us) => us > limitUs - near).length + 1e-6);
      }),
    );
  });

  test("what is subtracted again leaves no trace", () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const histogram = histogramOf(one);
        addHistogram(histogram, histogramOf(other));
        subtractHistogram(histogram, histogramOf(other));
        for (const p of [1, 50, 99])
          expect(percentile(histogram, p, boundsOf(one))).toBe(
            percentile(histogramOf(one), p, boundsOf(one)),
          );
        expect(histogram.total).toBe(one.length);
      }),
    );
  });
});
