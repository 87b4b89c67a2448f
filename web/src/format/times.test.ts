import { expect, test } from "vitest";
import { duration, moment, secondsOf, sinceStart, typedDuration, utc } from "./times.ts";

test("durations", () => {
  expect([0, 42_400, 60_000, 372_000, 3_600_000, 18_720_000, 273_600_000].map(duration)).toEqual([
    "0 s",
    "42 s",
    "1:00",
    "6:12",
    "1 h 0 min",
    "5 h 12 min",
    "3 d 4 h",
  ]);
});

test("times since load start", () => {
  expect([0, 42, 222, 3762, -3, -0.2].map(sinceStart)).toEqual([
    "0:00",
    "0:42",
    "3:42",
    "1:02:42",
    "−0:03",
    "0:00",
  ]);
});

test("moments: of today the time alone, of another year with the year; UTC in full", () => {
  const now = new Date(2026, 10, 23, 18, 0).getTime();
  expect(moment(new Date(2026, 10, 23, 14, 20).getTime(), { now })).toBe("14:20");
  expect(moment(new Date(2026, 10, 22, 23, 0).getTime(), { now })).toBe("22 Nov 23:00");
  expect(moment(new Date(2025, 0, 2, 3, 4).getTime(), { now })).toBe("2 Jan 2025 03:04");
  expect(utc(Date.UTC(2026, 10, 22, 23, 0, 4))).toBe("2026-11-22 23:00:04 UTC");
});

test("durations that people write", () => {
  expect(["90", "90 s", "5m", "1h 30min", "2 d"].map(secondsOf)).toEqual([
    90, 90, 300, 5400, 172_800,
  ]);
  expect(["", "x", "5 parsecs", "1h x", "-3"].map(secondsOf)).toEqual(
    Array.from({ length: 5 }, () => undefined),
  );
});

test.each([
  [0, "0 s"],
  [90, "90 s"],
  [60, "1 min"],
  [600, "10 min"],
  [5400, "1 h 30 min"],
  [3661, "1 h 1 min 1 s"],
  [31_536_000, "8760 h"],
])("%d seconds are typed as %s, which is read again", (seconds, typed) => {
  expect(typedDuration(seconds)).toBe(typed);
  expect(secondsOf(typed)).toBe(seconds);
});
