import { expect, test } from "vitest";
import { drawnCharts } from "./drawn-charts.ts";

const MEASURED = [{ values: [null, 5] }];
const NOTHING = [{ values: [null, null] }];
const KNOWN = {
  latency: MEASURED,
  failures: MEASURED,
  hasHeatmap: true,
  generators: MEASURED,
  mayCome: false,
  isShort: false,
};

test("a chart without a value is not drawn, and the lowest one that is has the time axis", () => {
  expect(drawnCharts(KNOWN)).toEqual({
    failures: true,
    latency: true,
    distribution: true,
    generators: true,
    lowest: "generators",
  });
  // Without the plugin Locust tells no response times over time, and no CPU.
  const polled = { ...KNOWN, latency: NOTHING, hasHeatmap: false, generators: [] };
  expect(drawnCharts(polled)).toMatchObject({
    latency: false,
    distribution: false,
    generators: false,
    lowest: "failures",
  });
  expect(drawnCharts({ ...polled, failures: [] }).lowest).toBe("load");
  expect(drawnCharts({ ...KNOWN, generators: [] }).lowest).toBe("distribution");
  expect(drawnCharts({ ...KNOWN, isShort: true }).lowest).toBe("latency");
});

test("what may still come has its place from the start", () => {
  const first = { ...KNOWN, latency: NOTHING, generators: [], mayCome: true };
  expect(drawnCharts(first)).toMatchObject({ latency: true, generators: true });
  expect(drawnCharts({ ...KNOWN, generators: undefined }).generators).toBe(true);
});
