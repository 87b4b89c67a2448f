import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { keyOf, ranked, requirementFor } from "./python.mjs";
import { needsPython } from "./run.mjs";
import { countJunit, countVitest } from "./test.mjs";

describe("the choice of a Python", () => {
  const python = (minor) => ({ path: `python3.${minor}`, version: [3, minor] });
  test("each Python gets the newest Locust that supports it", () => {
    expect(requirementFor([3, 8])).toBeUndefined();
    expect(requirementFor([3, 10])).toContain("<2.46");
    expect(requirementFor([3, 13])).toBe("locust==2.47.0");
  });
  test("Pythons for the newest Locust come first, in the order found", () => {
    const order = ranked([python(9), python(8), python(12), python(10), python(11)]);
    expect(order.map(({ path }) => path)).toEqual([
      "python3.12",
      "python3.11",
      "python3.10",
      "python3.9",
    ]);
  });
  test("an environment is created again for other requirements, but not for another checkout with the same", () => {
    const folder = mkdtempSync(join(tmpdir(), "load-manager-requirements-"));
    const key = (name, text, path = "python3") => {
      writeFileSync(join(folder, name), text);
      return keyOf({ path }, ["-r", join(folder, name)]);
    };
    const first = key("a.txt", "locust==1");
    expect(key("b.txt", "locust==1")).toBe(first);
    expect(key("a.txt", "locust==2")).not.toBe(first);
    expect(key("a.txt", "locust==1", "python3.12")).not.toBe(first);
    rmSync(folder, { recursive: true });
  });
  test("a configuration with only attached clusters needs no Python", () => {
    expect(needsPython(undefined)).toBe(true);
    expect(needsPython("server:\n  port: 1\n")).toBe(true);
    expect(needsPython("locustClusters:\n  - id: a\n    baseUrl: http://x\n")).toBe(false);
    expect(needsPython("locustClusters:\n  - id: a\n    kind: local\n")).toBe(true);
  });
});

describe("the counts of tests", () => {
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
