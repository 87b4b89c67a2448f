import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../lib/errors.ts";
import { decodeBatch } from "./batch.ts";
import {
  addEncoded,
  addHistogram,
  addLatency,
  bucketBounds,
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

  test("a percentile is the value at rank p·n within a bucket's width, never outside the measured range, and rises with p", () => {
    const ps = [0, 1, 25, 50, 75, 90, 95, 99, 99.9, 100];
    fc.assert(
      fc.property(latencies, (values) => {
        const sorted = values.toSorted((a, b) => a - b);
        const bounds = boundsOf(values);
        const histogram = histogramOf(values);
        const found = ps.map((p) => (percentile(histogram, p, bounds) ?? 0) * 1000);
        ps.forEach((p, index) => {
          const exact = sorted[Math.max(1, Math.ceil((p / 100) * values.length - 1e-9)) - 1] ?? 0;
          const us = found[index] ?? 0;
          expect(Math.abs(us - exact)).toBeLessThanOrEqual(exact / 64 + 1);
          expect(us).toBeGreaterThanOrEqual(bounds.minUs - 1e-6);
          expect(us).toBeLessThanOrEqual(bounds.maxUs + 1e-6);
        });
        expect(found).toEqual(found.toSorted((a, b) => a - b));
      }),
    );
  });

  test("a percentile is interpolated linearly inside its bucket", () => {
    // All of 1024 to 1039 µs are in one bucket.
    const { lowUs, widthUs } = bucketBounds(bucketOf(1024));
    expect([lowUs, widthUs]).toEqual([1024, 16]);
    const histogram = histogramOf([500, 1024, 1024, 1024, 1024, 2000]);
    const bounds = { minUs: 500, maxUs: 2000 };
    // Rank 3 of 6: half of the bucket's four values are below.
    expect(percentile(histogram, 50, bounds)).toBe((1024 + 7.5) / 1000);
    expect(percentile(histogram, 100 / 3, bounds)).toBeCloseTo((1024 + 3.75) / 1000, 9);
  });

  test("a percentile rises with p where Locust's rounded times lie inside the plugin's buckets", () => {
    const histogram = histogramOf(Array.from({ length: 10 }, (_, index) => 99_400 + index * 90));
    // Scheme 0: 100 ms ten times.
    addEncoded(histogram, Uint8Array.from([0, 0xc9, 0x01, 10]));
    const bounds = { minUs: 99_400, maxUs: 100_210 };
    const found = Array.from({ length: 100 }, (_, p) => percentile(histogram, p + 1, bounds) ?? 0);
    expect(found).toEqual(found.toSorted((a, b) => a - b));
  });

  test("of an hour of requests, an interpolated median is five times closer than a bucket's middle", () => {
    // Uniform between 100 and 200 ms: the exact median of each prefix is known.
    const values = Array.from(
      { length: 36_000 },
      (_, index) => 100_000 + ((index * 7919) % 100_000),
    );
    const exact = values.toSorted((a, b) => a - b)[values.length / 2 - 1] ?? 0;
    const found = (percentile(histogramOf(values), 50, boundsOf(values)) ?? 0) * 1000;
    expect(Math.abs(found - exact) / exact).toBeLessThan(0.0014);
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
    expect(errorBound([histogram])).toEqual({ relative: 0.016, absoluteMs: 0 });
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
      .map((rest) => Uint8Array.from([0x4c, 0x4d, 0x42, 3, ...rest]));
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
