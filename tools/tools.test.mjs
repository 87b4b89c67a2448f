import { describe, expect, test } from "vitest";
import { brokenLayers } from "./layers.mjs";
import { ranked, requirementFor } from "./python.mjs";
import { needsPython } from "./run.mjs";
import { countJunit, countVitest } from "./test.mjs";

describe("the layer rule", () => {
  const of = (file, text) => brokenLayers([{ file, text }]);
  test("names an import that goes up", () => {
    expect(of("contract/src/a.ts", 'import { x } from "@load-manager/server/app.ts";')).toEqual([
      "contract/src/a.ts must not import server/src/app.ts",
    ]);
    expect(of("server/src/metrics/a.ts", 'import { x } from "../http/bind.ts";')).toHaveLength(1);
    expect(
      of("server/src/runs/domain/decide.ts", 'import { x } from "../controller/apply.ts";'),
    ).toHaveLength(1);
    expect(
      of("server/src/runs/controller/apply.ts", 'import { x } from "../../clusters/port.ts";'),
    ).toEqual([]);
  });
  test("names who makes a time, and who reads the environment", () => {
    expect(of("server/src/runs/a.ts", "const now = Date.now();")).toHaveLength(1);
    expect(of("server/src/lib/clock.ts", "const now = Date.now();")).toEqual([]);
    expect(of("server/src/app.ts", "process.env.X")).toHaveLength(1);
    expect(of("server/src/config/load-config.ts", "process.env.X")).toEqual([]);
  });
});

describe("the choice of a Python", () => {
  const python = (minor) => ({ path: `python3.${minor}`, version: [3, minor] });
  test("each gets the newest Locust that it can have", () => {
    expect(requirementFor([3, 8])).toBeUndefined();
    expect(requirementFor([3, 10])).toContain("<2.46");
    expect(requirementFor([3, 13])).toBe("locust==2.47.0");
  });
  test("those for the newest Locust come first, in the order found", () => {
    const order = ranked([python(9), python(8), python(12), python(10), python(11)]);
    expect(order.map(({ path }) => path)).toEqual([
      "python3.12",
      "python3.11",
      "python3.10",
      "python3.9",
    ]);
  });
  test("clusters that are all attached need none", () => {
    expect(needsPython(undefined)).toBe(true);
    expect(needsPython("server:\n  port: 1\n")).toBe(true);
    expect(needsPython("locustClusters:\n  - id: a\n    baseUrl: http://x\n")).toBe(false);
    expect(needsPython("locustClusters:\n  - id: a\n    kind: local\n")).toBe(true);
  });
});

describe("the counting of suites", () => {
  test("a file that did not load, a skipped test and no test at all count as failed", () => {
    expect(countVitest(undefined)).toEqual({ passed: 0, failed: 1 });
    const testResults = [{ status: "failed", assertionResults: [] }];
    const report = { numTotalTests: 3, numPassedTests: 2, numFailedTests: 0, testResults };
    expect(countVitest(report)).toEqual({ passed: 2, failed: 2 });
    expect(
      countJunit('<testsuites><testsuite name="x" errors="0" failures="1" skipped="1" tests="5">'),
    ).toEqual({
      passed: 3,
      failed: 2,
    });
    expect(countJunit("")).toEqual({ passed: 0, failed: 1 });
  });
});
