import { expect, test } from "vitest";
import { curvesOf } from "./percentile-points.ts";

const look = { label: "All endpoints", color: "--p95" };

test("a curve goes as far as ten values are beyond the percentile", () => {
  const measured = { percentiles: { "99.9": 900, "50": 40, "90": 80, "99": 200 }, timed: 1000 };
  expect(curvesOf([{ look, measured }])).toEqual({
    percentiles: [50, 90, 99],
    curves: [{ ...look, values: [40, 80, 200] }],
  });
  // One value fewer, and there are only nine beyond the 99th.
  expect(curvesOf([{ look, measured: { ...measured, timed: 999 } }]).percentiles).toEqual([50, 90]);
});

test("a curve ends before another one does where it has fewer values, and is unknown where nothing was measured", () => {
  const other = { label: "POST /checkout", color: "--accent", dash: [6, 3] };
  const all = { percentiles: { "50": 40, "90": 80, "99": 200 }, timed: 5000 };
  const few = { percentiles: { "50": 60, "90": 150, "99": 500 }, timed: 100 };
  expect(
    curvesOf([
      { look, measured: all },
      { look: other, measured: few },
      { look: { ...other, label: "GET /none" }, measured: { timed: undefined } },
    ]),
  ).toEqual({
    percentiles: [50, 90, 99],
    curves: [
      { ...look, values: [40, 80, 200] },
      { ...other, values: [60, 150, null] },
      { ...other, label: "GET /none", values: [null, null, null] },
    ],
  });
  expect(
    curvesOf([{ look, measured: { percentiles: { "50": null }, timed: 100 } }]).percentiles,
  ).toEqual([]);
});
