// Every suite, one after another; a suite that did not run is a failure, or is named loudly where the machine cannot have it.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureFaketime } from "./faketime.mjs";
import { startMongo } from "./mongo.mjs";
import { ensureOldestLocust, ensurePython, hasPytest } from "./python.mjs";
import { capture, foreground, ROOT, say, Stop } from "./steps.mjs";

/** CI sets it: nothing may be left out there. */
const ALL = process.env.LM_REQUIRE_ALL === "1";

const readJson = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined);

/** → { passed, failed } of vitest's json report; files that did not load, and skipped tests, count as failed. */
export const countVitest = (report) => {
  if (report === undefined || report.numTotalTests === 0) return { passed: 0, failed: 1 };
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  const left = report.numTotalTests - report.numPassedTests - report.numFailedTests;
  return { passed: report.numPassedTests, failed: report.numFailedTests + unloaded.length + left };
};

/** → the same of pytest's junit file. */
export const countJunit = (xml) => {
  const head = /<testsuite [^>]*>/.exec(xml ?? "")?.[0];
  const of = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head ?? "")?.[1] ?? 0);
  const total = of("tests");
  if (total === 0) return { passed: 0, failed: 1 };
  const failed = of("failures") + of("errors") + of("skipped");
  return { passed: total - failed, failed };
};

const locusts = async () => {
  const missing = [];
  const found = { LOAD_MANAGER_PYTHON: undefined, LOAD_MANAGER_TEST_PYTHON_212: undefined };
  try {
    found.LOAD_MANAGER_PYTHON = (await ensurePython()).python;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    missing.push(`tests on the newest Locust: ${error.message}`);
  }
  const oldest = await ensureOldestLocust();
  if (oldest.python === undefined) missing.push(`tests on Locust 2.12.1: ${oldest.why}`);
  else found.LOAD_MANAGER_TEST_PYTHON_212 = oldest.python;
  return { found: withDebian(found), missing };
};

/** Debian's own package is another Locust 2.12.1, on Debian's libraries; it is tested where it is installed. */
const withDebian = (found) => {
  const debian = "/usr/bin/python3";
  const there =
    found.LOAD_MANAGER_TEST_PYTHON_212 !== debian && capture(debian, ["-c", "import locust"]).ok;
  return there ? { ...found, LOAD_MANAGER_TEST_PYTHON_DEBIAN: debian } : found;
};

export const test = async ({ node, args, env }) => {
  const reports = mkdtempSync(join(tmpdir(), "load-manager-test-"));
  const mongo = await startMongo();
  try {
    const { found, missing } = await locusts();
    if (process.getuid?.() !== 0)
      missing.push("the test of a full disk: only root can make a small disk");
    if (mongo.why !== undefined) missing.push(`tests of the MongoDB store: ${mongo.why}`);
    const faults = env.LOAD_MANAGER_FAULTS === "all";
    const faketime = faults ? await ensureFaketime() : {};
    if (faketime.why !== undefined) missing.push(`the faults of clocks (row 19): ${faketime.why}`);
    const counts = [];
    const defined = Object.fromEntries(
      Object.entries(found).filter(([, python]) => python !== undefined),
    );
    const filtered = args.length > 0;
    const pythons = Object.entries(defined).filter(
      ([name]) => !filtered && name !== "LOAD_MANAGER_TEST_PYTHON_DEBIAN",
    );
    // Mostly they wait for Locust: together they take as long as one.
    await Promise.all(
      pythons.map(async ([name, python]) => {
        if (!hasPytest(python)) {
          missing.push(`the plugin's tests on ${python}: it has no pytest`);
          return;
        }
        say(`\nThe plugin's tests on ${python}`);
        const junit = join(reports, `${name}.xml`);
        const quiet = ["-m", "pytest", "-q", "-p", "no:cacheprovider"];
        const pytest = [...quiet, "locust-plugin/tests", `--junitxml=${junit}`];
        await foreground(python, pytest, { ...env, PYTHONDONTWRITEBYTECODE: "1" });
        counts.push(countJunit(existsSync(junit) ? readFileSync(junit, "utf8") : undefined));
      }),
    );
    const report = join(reports, "vitest.json");
    const vitest = [
      join(ROOT, "node_modules/vitest/vitest.mjs"),
      "run",
      "--reporter=default",
      "--reporter=json",
    ];
    const projects = Object.keys(defined).length === 0 ? ["--project", "unit"] : [];
    await foreground(node, [...vitest, `--outputFile.json=${report}`, ...projects, ...args], {
      ...env,
      ...defined,
      ...(faketime.file === undefined ? {} : { LOAD_MANAGER_TEST_FAKETIME: faketime.file }),
      ...(mongo.uri === undefined ? {} : { LOAD_MANAGER_TEST_MONGODB_URI: mongo.uri }),
    });
    counts.push(countVitest(readJson(report)));
    for (const what of missing) say(`\nNOT RUN: ${what}`);
    const passed = counts.reduce((sum, count) => sum + count.passed, 0);
    const failed =
      counts.reduce((sum, count) => sum + count.failed, 0) + (ALL ? missing.length : 0);
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    return failed === 0 ? 0 : 1;
  } finally {
    await mongo.stop?.();
    rmSync(reports, { recursive: true, force: true });
  }
};
