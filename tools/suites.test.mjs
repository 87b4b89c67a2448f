import { describe, expect, test } from "vitest";
import { filesOf } from "./steps.mjs";
import { faultsArguments, needsOf, planTests, planUnit, SLOW } from "./suites.mjs";

describe("the needs of a test file", () => {
  const files = {
    "server/src/a/a.test.ts": 'import { x } from "./x.ts";',
    "server/src/a/x.ts": 'import type { Y } from "@load-manager/contract/y.ts";',
    "contract/src/y.ts": 'export * from "./z.ts";\nimport "./x.ts";',
    "contract/src/z.ts": 'await import("../../e2e/harness.ts");',
    "e2e/harness.ts": 'process.env["LOAD_MANAGER_TEST_PYTHON_212"]; import "../server/src/a/x.ts";',
    "server/src/b.test.ts": 'process.env["LOAD_MANAGER_TEST_MONGODB_URI"]',
    "server/src/c.test.ts": 'import "./b.test.ts"; process.env["LOAD_MANAGER_TEST_STORE"]',
    "server/src/d.test.ts": 'import "zod"; process.env["LOAD_MANAGER_PYTHON"]',
    "tools/e.test.mjs": "LOAD_MANAGER_TEST_MONGODB_URI",
  };
  const of = (file) => needsOf(file, (one) => files[one]);
  test("come from the names in it and in all files that it imports", () => {
    expect(of("server/src/a/a.test.ts").needs).toEqual(["locust"]);
    expect(of("server/src/b.test.ts")).toEqual({ needs: ["mongodb"], eitherStore: false });
    expect(of("server/src/c.test.ts")).toEqual({ needs: ["mongodb"], eitherStore: true });
    expect(of("server/src/d.test.ts").needs).toEqual([]);
    expect(of("tools/e.test.mjs").needs).toEqual([]);
  });
});

describe("npm test -- PATH", () => {
  const needsAt = (...args) => planTests(args).needs;
  test("without a path runs and prepares everything", () => {
    const all = planTests([]);
    expect(all.needs).toEqual(new Set(["chromium", "faketime", "locust", "mongodb", "root"]));
    expect(all).toMatchObject({ pytest: ["locust-plugin/tests"], vitest: [] });
  });
  test("prepares the needs of the files at the path", () => {
    expect(needsAt("tools")).toEqual(new Set());
    expect(needsAt("examples/")).toEqual(new Set());
    expect(needsAt("cli/src")).toEqual(new Set());
    expect(needsAt("server/src/http")).toEqual(new Set(["mongodb"]));
    expect(needsAt("server/src/stores")).toContain("mongodb");
    expect(needsAt("server/src/stores")).not.toContain("locust");
    expect(needsAt("tools", "e2e/local-runs")).toEqual(new Set(["locust"]));
  });
  test("runs only pytest for a path in the plugin", () => {
    const plan = (path) => planTests([path]);
    expect(plan("locust-plugin/")).toMatchObject({
      pytest: ["locust-plugin/tests"],
      vitest: undefined,
    });
    const one = "locust-plugin/tests/test_wire.py";
    expect(plan(one)).toEqual({ needs: new Set(["locust"]), pytest: [one], vitest: undefined });
    expect(planTests([one, "tools"])).toMatchObject({ pytest: [one], vitest: ["tools"] });
    expect(() => plan("locust-plugin/tests/test_nothing.py")).toThrow("There is no locust-plugin");
  });
  test("passes on options, and fails if a path has no test", () => {
    const plan = planTests(["./tools/suites.test.mjs:12", "-t", "a name"]);
    expect(plan.vitest).toEqual(["tools/suites.test.mjs:12", "-t", "a name"]);
    expect(plan.pytest).toBeUndefined();
    expect(() => planTests(["tools", "tolls"])).toThrow("No test file has tolls in its path");
  });
});

describe("npm run test:faults", () => {
  test("runs all fault tests, or those at the paths", () => {
    expect(faultsArguments("s", [])).toEqual(["e2e/faults"]);
    expect(faultsArguments("s", ["-t", "a name"])).toEqual(["e2e/faults", "-t", "a name"]);
    expect(faultsArguments("s", ["clocks", "-t", "x"])).toEqual(["clocks", "-t", "x"]);
  });
});

describe("npm run test:unit", () => {
  test("leaves out and lists tests that need more than packages or take long", () => {
    const { leftOut, run } = planUnit([]);
    const out = Object.values(leftOut).flat();
    const all = filesOf(/\.test\.(ts|mjs)$/);
    expect(run).toBe(all.length - out.length);
    expect(all.filter((file) => file.startsWith("e2e/") && !out.includes(file))).toEqual([]);
    const kept = all.filter((file) => !out.includes(file));
    expect(kept.filter((file) => needsOf(file).needs.includes("locust"))).toEqual([]);
    expect(leftOut["long"]).toEqual(expect.arrayContaining([...SLOW]));
    expect(kept).toContain("tools/suites.test.mjs");
  });
  test("runs tests of either store on memory", () => {
    expect(planUnit(["server/src/http"]).leftOut).toEqual({});
  });
  test("watches where asked", () => {
    expect(planUnit(["tools", "--watch"])).toEqual({
      isWatching: true,
      vitest: ["tools"],
      leftOut: {},
      run: filesOf(/\.test\.(ts|mjs)$/).filter((file) => file.includes("tools")).length,
    });
  });
  test("every test file in the list of slow ones exists", () => {
    const all = filesOf(/\.test\.(ts|mjs)$/);
    expect([...SLOW].filter((file) => !all.includes(file))).toEqual([]);
  });
});
