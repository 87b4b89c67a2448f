import { expect, test } from "vitest";
import { endpointSeries, latencySeries, timesUntil, valuesAt, plannedUsers } from "./series.ts";

test("another run's values are those of its point in which the time lies; outside it is unknown", () => {
  const other = { times: [0.4, 1.4, 2.4], values: [10, null, 30], step: 1 };
  expect(valuesAt([0, 0.5, 1.5, 2.5, 3.5], other)).toEqual([null, 10, null, 30, null]);
  expect(valuesAt([0, 1], { times: [], values: [], step: 1 })).toEqual([null, null]);
});

test("the times go on in their step until the other run ends", () => {
  expect(timesUntil([0.5, 1.5], 1, 4)).toEqual([0.5, 1.5, 2.5, 3.5]);
  expect(timesUntil([0.5, 1.5], 1, 1)).toEqual([0.5, 1.5]);
  expect(timesUntil([], 2, 3)).toEqual([0, 2]);
});

test("an endpoint that began later is unknown before", () => {
  const series = [
    { endpoint: "GET /a", t: [0, 1000], totalRps: [1, 2] },
    { endpoint: "GET /b", t: [1000, 2000], totalRps: [3, 4] },
  ];
  expect(endpointSeries(series, "totalRps").map(({ label, values }) => [label, values])).toEqual([
    ["GET /a", [1, 2, null]],
    ["GET /b", [null, 3, 4]],
  ]);
});

test("where points have no minimum and maximum of their own there is no band", () => {
  const columns = { minResponseMs: [11, 11], maxResponseMs: [330, 330] };
  const labels = (hasBounds: boolean) =>
    latencySeries(columns, 2, hasBounds).map(({ label }) => label);
  expect(labels(true)).toEqual(["p50", "p95", "p99", "max", "min"]);
  expect(labels(false)).toEqual(["p50", "p95", "p99"]);
});

test("the plan of stages: what each point ends with, up to the end of the last stage, and nobody after it", () => {
  const stages = [
    { durationSeconds: 4, users: 4, spawnRate: 1 },
    { durationSeconds: 2, users: 1 },
  ];
  expect(plannedUsers(stages, [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5], 1)).toEqual([
    1, 2, 3, 4, 1, 1, 1, 0,
  ]);
});
