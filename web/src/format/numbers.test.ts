import { expect, test } from "vitest";
import {
  axisNumber,
  bytes,
  count,
  inMs,
  limitInUnit,
  percent,
  rate,
  responseTime,
  text,
} from "./numbers.ts";

test("response times have three significant digits, and seconds from one on", () => {
  expect(
    [0, 0.1234, 9.94, 9.996, 12.34, 123.4, 999.4, 999.6, 1240, 61_000].map((ms) =>
      text(responseTime(ms)),
    ),
  ).toEqual([
    "0 ms",
    "0.12 ms",
    "9.94 ms",
    "10.0 ms",
    "12.3 ms",
    "123 ms",
    "999 ms",
    "1.00 s",
    "1.24 s",
    "61.0 s",
  ]);
  expect([5.5, 9.9, 12.4, 5011].map(inMs)).toEqual(["5.50", "9.90", "12", "5,011"]);
});

test("what is unknown is no number, and never 0", () => {
  expect([responseTime(null), rate(undefined), percent(null), bytes(null)].map(text)).toEqual([
    "–",
    "–",
    "–",
    "–",
  ]);
  expect([count(null), inMs(undefined)]).toEqual(["–", "–"]);
});

test("a small share is not 0 %, and nearly all is not all", () => {
  expect([0, 0.001, 0.07, 9.994, 12.34, 99.97, 100].map((value) => text(percent(value)))).toEqual([
    "0 %",
    "< 0.01 %",
    "0.07 %",
    "9.99 %",
    "12.3 %",
    "99.9 %",
    "100 %",
  ]);
});

test("rates have one decimal below 100, counts their separators, sizes their units", () => {
  expect([0, 0.04, 62, 99.96, 583.4, 12_345].map((value) => text(rate(value)))).toEqual([
    "0 /s",
    "0.0 /s",
    "62.0 /s",
    "100 /s",
    "583 /s",
    "12,345 /s",
  ]);
  expect(count(1_234_567)).toBe("1,234,567");
  expect([512, 1240, 52_428_800].map((value) => text(bytes(value)))).toEqual([
    "512 B",
    "1.24 kB",
    "52.4 MB",
  ]);
});

test("labels of an axis are neither rounded nor lengthened", () => {
  expect([0, 0.25, 0.1 + 0.2, 0.75, 1, 2.5, 50, 300, 1000].map(axisNumber)).toEqual([
    "0",
    "0.25",
    "0.3",
    "0.75",
    "1",
    "2.5",
    "50",
    "300",
    "1,000",
  ]);
});

test("a limit is as somebody wrote it; one that was computed is rounded", () => {
  expect(limitInUnit(60, "ms")).toBe("60 ms");
  expect(limitInUnit(1500, "ms")).toBe("1.5 s");
  expect(limitInUnit(0.5, "%")).toBe("0.5 %");
  expect(limitInUnit(0.07, "%")).toBe("0.07 %");
  expect(limitInUnit(123.456789, "/s")).toBe("123 /s");
  expect(limitInUnit(3, "")).toBe("3");
});
