import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { decodeBatch } from "./batch.ts";
import {
  addEncoded,
  addHistogram,
  addLatency,
  bucketMean,
  bucketOf,
  emptyHistogram,
  encodeHistogram,
  errorBound,
  type Histogram,
  percentile,
} from "./histogram.ts";
import { decodeSample, endpointsOf } from "./sample.ts";

const latencies = fc.array(fc.integer({ min: 0, max: 3_600_000_000 }), {
  minLength: 1,
  maxLength: 300,
});
const histogramOf = (values: readonly number[]): Histogram => {
  const histogram = emptyHistogram();
  for (const us of values) addLatency(histogram, us);
  return histogram;
};
const boundsOf = (values: readonly number[]) => ({
  minUs: Math.min(...values),
  maxUs: Math.max(...values),
});

describe("a histogram", () => {
  test("finds every power of two and its neighbours", () => {
    for (let bits = 0; bits < 50; bits += 1) {
      for (const us of [2 ** bits - 1, 2 ** bits, 2 ** bits + 1]) {
        const text = BigInt(us).toString(2).length;
        const k = Math.max(0, text - 7);
        const expected = us < 64 ? us : 64 + 64 * k + Number(BigInt(us) >> BigInt(k)) - 64;
        expect([us, bucketOf(us)]).toEqual([us, expected]);
      }
    }
  });

  test("a percentile is the value at rank ⌈p·n⌉ within 0.8 %, and never outside the measured range", () => {
    fc.assert(
      fc.property(latencies, fc.constantFrom(1, 50, 90, 95, 99, 99.9), (values, p) => {
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil((p / 100) * values.length - 1e-9)) - 1] ?? 0;
        const found = (percentile(histogramOf(values), p, boundsOf(values)) ?? 0) * 1000;
        expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.008 + 0.5);
        expect(found).toBeGreaterThanOrEqual(boundsOf(values).minUs - 1e-6);
        expect(found).toBeLessThanOrEqual(boundsOf(values).maxUs + 1e-6);
      }),
    );
  });

  test("merging is exact: in any order, any grouping, encoded or not", () => {
    fc.assert(
      fc.property(latencies, latencies, latencies, (a, b, c) => {
        const direct = encodeHistogram(histogramOf([...a, ...b, ...c]));
        const encoded = emptyHistogram();
        for (const part of [c, a, b]) addEncoded(encoded, encodeHistogram(histogramOf(part)));
        const grouped = histogramOf(b);
        addHistogram(grouped, histogramOf(c));
        addHistogram(grouped, histogramOf(a));
        expect(encodeHistogram(encoded)).toEqual(direct);
        expect(encodeHistogram(grouped)).toEqual(direct);
        expect(encoded.total).toBe(a.length + b.length + c.length);
      }),
    );
  });

  test("Locust's rounded milliseconds are merged beside it, and the error bound includes them", () => {
    const histogram = histogramOf([1000, 2000, 3000]);
    expect(errorBound([histogram])).toEqual({ relative: 0.008, absoluteMs: 0 });
    // Scheme 0: 150 ms four times.
    addEncoded(histogram, Uint8Array.from([0, 0xad, 0x02, 4]));
    expect(histogram.total).toBe(7);
    expect(percentile(histogram, 99, { minUs: 1000, maxUs: 150_000 })).toBe(150);
    expect(percentile(histogram, 40, { minUs: 1000, maxUs: 150_000 })).toBeCloseTo(3, 1);
    expect(errorBound([histogram])).toEqual({ relative: 0.05, absoluteMs: 0.5 });
  });

  test("has no percentile without measurements", () => {
    expect(percentile(emptyHistogram(), 50, { minUs: 0, maxUs: 0 })).toBeNull();
    expect(bucketMean(emptyHistogram())).toBeNull();
  });
});

describe("random bytes", () => {
  const readOrRefuse = (read: () => unknown): void => {
    try {
      read();
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).kind).toBe("validation");
    }
  };
  test("are decoded or refused as invalid, with no other error", () => {
    const magic = fc
      .uint8Array({ maxLength: 200 })
      .map((rest) => Uint8Array.from([0x4c, 0x4d, 0x42, 2, ...rest]));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), magic), (bytes) => {
        readOrRefuse(() => decodeBatch(bytes));
        readOrRefuse(() => decodeSample(bytes));
        readOrRefuse(() => endpointsOf({ parts: [bytes] }));
        readOrRefuse(() => addEncoded(emptyHistogram(), bytes));
      }),
      { numRuns: 3000 },
    );
  });
});
