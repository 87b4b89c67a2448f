import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { BENCHES } from "./arguments.mjs";
import { keyOf, ranked, requirementFor } from "./python.mjs";
import { needsPython, planScript } from "./run.mjs";
import { ROOT } from "./steps.mjs";
import { SLOW } from "./suites.mjs";
import { countJunit, countVitest, nothingNamed } from "./test.mjs";

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

describe("the arguments of a script", () => {
  const [slow] = SLOW;
  test.each([
    [
      "unit --wacth",
      "npm run test:unit has no option --wacth (did you mean --watch?); it has --watch, -t NAME",
    ],
    ["unit tolls", "No test file has tolls in its path (did you mean tools?)."],
    ["unit tools -t", "npm run test:unit -- -t needs NAME."],
    ["unit tools --watch=1", "npm run test:unit -- --watch takes no value."],
    [
      `unit ${slow}`,
      `npm run test:unit leaves out all of ${slow} (long); npm test -- ${slow} runs it.`,
    ],
    ["test e2e/sok", "No test file has e2e/sok in its path (did you mean e2e/soak?)."],
    ["test --watch", "npm test has no option --watch; it has -t NAME"],
    ["test locust-plugin -t x", "-t x is for vitest, which runs no test in locust-plugin."],
    ["faults nothing", "No test file of e2e/faults/ has nothing in its path."],
    ["faults zzz", "No test file of e2e/faults/ has zzz in its path."],
    ["faults tools", "No test file of e2e/faults/ has tools in its path"],
    ["faults clokcs", "(did you mean clocks?)"],
    [
      "unit tools locust-plugin",
      "npm run test:unit runs no test of the plugin; npm test -- locust-plugin does.",
    ],
    ["truth long", "npm run test:truth takes nothing, not long."],
    ["truth --long", "npm run test:truth has no option --long; it has no options."],
    ["migrate x", "npm run test:migrate takes nothing, not x."],
    [
      "soak --hour 1",
      "npm run test:soak has no option --hour (did you mean --hours?); it has --hours N.",
    ],
    ["soak --hours", "npm run test:soak -- --hours needs N."],
    ["soak --hours one", "npm run test:soak -- --hours takes a number above 0, not one."],
    ["soak --hours=0", "npm run test:soak -- --hours takes a number above 0, not 0."],
    ["soak 2", "npm run test:soak takes --hours N, not 2."],
    ["long abc", "npm run test:long takes HISTORIES and SEED, two whole numbers, not abc."],
    ["long 0", "two whole numbers, not 0."],
    ["long 1 2 3", "two whole numbers, not 3."],
    ["check tpyes", "There is no check tpyes (did you mean types?); there are types, lint,"],
    ["format x", "npm run format formats every file, or those at a path; there is no x."],
    ["format --chekc", "npm run format has no option --chekc; it has no options."],
    [
      "bench --against /nope",
      "npm run bench -- --against: /nope is not a checkout of Load Manager.",
    ],
    ["bench --agianst /nope", "no option --agianst (did you mean --against?)"],
    ["bench histogram daay", "There is no bench daay (did you mean day?); there are histograms,"],
    ["bench --pairs 3", "npm run bench -- --pairs goes with --against DIR."],
    [
      `bench --against ${ROOT} --pairs x`,
      "npm run bench -- --pairs takes a whole number above 0, not x.",
    ],
    ["tset", "There is no script tset (did you mean test?); there are start,"],
  ])("%s is refused before anything is installed", (line, message) => {
    const [what, ...args] = line.split(" ");
    expect(() => planScript(what, args)).toThrow(message);
  });
  test.each([
    "test",
    "test tools e2e/soak -t name --bail 1",
    "unit --watch tools",
    "faults clocks",
    "truth",
    "locust",
    "migrate",
    "soak",
    "soak --hours 0.5",
    "long",
    "long 2000 1",
    "check types lint",
    "format",
    "format tools README.md",
    "bench",
    "bench hist day",
    `bench --against ${ROOT} start --pairs=3`,
    "start --prot 1",
  ])("%s is accepted", (line) => {
    const [what, ...args] = line.split(" ");
    expect(planScript(what, args)).toBeTypeOf("function");
  });
  test("format says so where it formats nothing at a path", () => {
    const args = [join(ROOT, "tools/run.mjs"), "format", "README.md"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/formats nothing at README\.md: \.oxfmtrc\.json leaves it out/),
    ]);
    expect(stderr).not.toContain("Expected");
  });
  test("of npm run bench are the measurements that there are", () => {
    const text = readFileSync(join(ROOT, "bench/main.ts"), "utf8");
    expect([...text.matchAll(/^ {2}(\w+): \w+Rows,$/gm)].map(([, name]) => name)).toEqual(BENCHES);
  });
});

describe("the counts of tests", () => {
  test("a file that did not load, a skipped test and no test at all count as failed", () => {
    expect(countVitest(undefined)).toEqual({ passed: 0, failed: 1 });
    const testResults = [{ status: "failed", assertionResults: [] }];
    const report = { numTotalTests: 3, numPassedTests: 2, numFailedTests: 0, testResults };
    expect(countVitest(report)).toEqual({ passed: 2, failed: 2 });
    expect(nothingNamed(report, undefined)).toBeUndefined();
    expect(
      countJunit('<testsuites><testsuite name="x" errors="0" failures="1" skipped="1" tests="5">'),
    ).toEqual({
      passed: 3,
      failed: 2,
    });
    expect(countJunit("")).toEqual({ passed: 0, failed: 1 });
  });
  test("of one name pass although the others are skipped, and fail if there is none", () => {
    const report = { numTotalTests: 3, numPassedTests: 1, numFailedTests: 1, testResults: [] };
    expect(countVitest(report, "name")).toEqual({ passed: 1, failed: 1 });
    const named = (script, name) => {
      const args = [join(ROOT, "tools/run.mjs"), script, "tools/bench.test.mjs", "-t", name];
      const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      return { status, stderr };
    };
    for (const script of ["test", "unit"]) {
      expect(named(script, "throws if one tree")).toMatchObject({ status: 0 });
      const line = "No test that ran has a name that matches -t nosuchname.";
      expect(named(script, "nosuchname")).toEqual({
        status: 1,
        stderr: expect.stringContaining(line),
      });
    }
  });
});
