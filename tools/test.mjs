// npm test and npm run test:unit. A suite that did not run is a failure, or is printed as NOT RUN if the machine lacks what it needs.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureChromium } from "./chromium.mjs";
import { ensureFaketime } from "./faketime.mjs";
import { startMongo } from "./mongo.mjs";
import { ensureOldestLocust, ensurePython, hasPytest } from "./python.mjs";
import { ensureWeb } from "./web.mjs";
import { capture, collected, filesOf, foreground, ROOT, say, Stop } from "./steps.mjs";

/** Set by CI: a suite that cannot run is a failure there. */
const ALL = process.env.LM_REQUIRE_ALL === "1";

const readJson = (file) => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined);

/**
 * → { passed, failed } from vitest's JSON report. Files that did not load and skipped tests count as failed; with a `testName`
 * vitest reports all other tests as skipped, so these do not count.
 */
export const countVitest = (report, testName) => {
  if (report === undefined || report.numTotalTests === 0) return { passed: 0, failed: 1 };
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  const left = report.numTotalTests - report.numPassedTests - report.numFailedTests;
  const skipped = testName === undefined ? left : 0;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded.length + skipped,
  };
};

/** → a line if vitest ran no test of this name, which is a failure; otherwise `undefined`. */
export const nothingNamed = (report, testName) => {
  if (testName === undefined || report === undefined) return undefined;
  const ran = report.numPassedTests + report.numFailedTests;
  return ran > 0 ? undefined : `No test that ran has a name that matches -t ${testName}.`;
};

/** → the same from pytest's JUnit file. */
export const countJunit = (xml) => {
  const head = /<testsuite [^>]*>/.exec(xml ?? "")?.[0];
  const of = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head ?? "")?.[1] ?? 0);
  const total = of("tests");
  if (total === 0) return { passed: 0, failed: 1 };
  const failed = of("failures") + of("errors") + of("skipped");
  return { passed: total - failed, failed };
};

/** Debian's package is also Locust 2.12.1, but with Debian's libraries; it is tested if it is installed. */
const debians = (found) => {
  const debian = "/usr/bin/python3";
  const isThere =
    found.LOAD_MANAGER_TEST_PYTHON_212 !== debian && capture(debian, ["-c", "import locust"]).ok;
  return isThere ? { LOAD_MANAGER_TEST_PYTHON_DEBIAN: debian } : {};
};

const prepareLocust = async () => {
  const missing = [];
  const env = {};
  try {
    env.LOAD_MANAGER_PYTHON = (await ensurePython()).python;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    missing.push(`tests on the newest Locust: ${error.message}`);
  }
  const oldest = await ensureOldestLocust();
  if (oldest.python === undefined) missing.push(`tests on Locust 2.12.1: ${oldest.why}`);
  else env.LOAD_MANAGER_TEST_PYTHON_212 = oldest.python;
  return { env: { ...env, ...debians(env) }, missing };
};

const prepareMongo = async () => {
  const { uri, stop, why } = await startMongo();
  return why === undefined
    ? { env: { LOAD_MANAGER_TEST_MONGODB_URI: uri }, stop, missing: [] }
    : { env: {}, missing: [`tests of the MongoDB store: ${why}`] };
};

const prepareFaketime = async ({ LOAD_MANAGER_FAULTS }) => {
  if (LOAD_MANAGER_FAULTS !== "all") return { env: {}, missing: [] };
  const { file, why } = await ensureFaketime();
  return why === undefined
    ? { env: { LOAD_MANAGER_TEST_FAKETIME: file }, missing: [] }
    : { env: {}, missing: [`the tests of wrong clocks (row 19): ${why}`] };
};

const prepareChromium = async (env, node) => {
  const { file, why } = await ensureChromium();
  if (why !== undefined) return { env: {}, missing: [`the tests in a browser: ${why}`] };
  if (!(await ensureWeb({ node, env })))
    return { env: {}, missing: ["the tests in a browser: the page could not be built"] };
  return { env: { LOAD_MANAGER_TEST_CHROMIUM: file }, missing: [] };
};

const prepareRoot = async () => ({
  env: {},
  missing:
    process.getuid?.() === 0 ? [] : ["the test of a full disk: only root can make a small disk"],
});

/** need → its preparation: → { env } for the tests, { missing } reasons, and { stop } to end it. */
const PREPARE = {
  mongodb: prepareMongo,
  locust: prepareLocust,
  faketime: prepareFaketime,
  chromium: prepareChromium,
  root: prepareRoot,
};

const prepare = async (needs, { env, node }, stops) => {
  // They wait for the network by turns, and build for a minute.
  const all = await Promise.all(
    [...needs].map(async (need) => {
      const one = await PREPARE[need](env, node);
      if (one.stop !== undefined) stops.push(one.stop);
      return one;
    }),
  );
  return {
    found: Object.assign({}, ...all.map((one) => one.env)),
    missing: all.flatMap((one) => one.missing),
  };
};

/** Files of pytest that run at once on one Locust version: they mostly wait for Locust. */
const PYTEST_AT_ONCE = 2;

/** Runs one file of pytest. → its counts; prints its output if a test fails. */
const runPytestFile = async (python, path, junit, env) => {
  const args = ["-m", "pytest", "-q", "-p", "no:cacheprovider", path, `--junitxml=${junit}`];
  const { ok, output } = await collected(python, args, env);
  if (!ok) say(output);
  return countJunit(existsSync(junit) ? readFileSync(junit, "utf8") : undefined);
};

/** Runs the plugin's tests on all Locust versions in parallel. */
const runPytest = async (paths, { reports, env, found, missing }) => {
  const pythons = ["LOAD_MANAGER_PYTHON", "LOAD_MANAGER_TEST_PYTHON_212"].filter(
    (name) => found[name] !== undefined,
  );
  const files = paths.flatMap((path) =>
    path.includes("::") || path.endsWith(".py")
      ? [path]
      : filesOf(/^test_.*\.py$/, join(ROOT, path)).toSorted(),
  );
  const counts = await Promise.all(
    pythons.map(async (name) => {
      const python = found[name];
      if (!hasPytest(python)) {
        missing.push(`the plugin's tests on ${python}: it has no pytest`);
        return [];
      }
      const began = Date.now();
      const waiting = files.entries();
      const ended = [];
      const work = async () => {
        for (const [index, path] of waiting) {
          const junit = join(reports, `${name}-${index}.xml`);
          const quiet = { ...env, PYTHONDONTWRITEBYTECODE: "1" };
          ended.push(await runPytestFile(python, path, junit, quiet));
        }
      };
      await Promise.all(Array.from({ length: PYTEST_AT_ONCE }, work));
      const [passed, failed] = ["passed", "failed"].map((key) =>
        ended.reduce((sum, count) => sum + count[key], 0),
      );
      const seconds = Math.round((Date.now() - began) / 1000);
      say(`The plugin's tests on ${python}: ${passed} passed, ${failed} failed, ${seconds} s`);
      return ended;
    }),
  );
  return counts.flat();
};

const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

/** vitest's options for a JSON report at this path, beside what it prints. */
const withReport = (path) => ["--reporter=default", "--reporter=json", `--outputFile.json=${path}`];

const runVitest = async (filters, { node, reports, env, found, needs, testName }) => {
  const path = join(reports, "vitest.json");
  // Without any Locust all of these would fail for the same reason, which is printed once.
  const without =
    needs.has("locust") && !Object.keys(found).some((name) => name.includes("PYTHON"))
      ? ["--project", "!e2e"]
      : [];
  await foreground(node, [VITEST, "run", ...withReport(path), ...without, ...filters], {
    ...env,
    ...found,
  });
  const report = readJson(path);
  const nothing = nothingNamed(report, testName);
  if (nothing === undefined) return countVitest(report, testName);
  say(`\n${nothing}`);
  return { passed: 0, failed: 1 };
};

/**
 * Node keeps what it has compiled here, TypeScript included, until the tests have ended: they start the program and its
 * threads hundreds of times, which then takes half the time.
 */
const withCompileCache = (env, reports) => ({
  ...env,
  NODE_COMPILE_CACHE: join(reports, "compile-cache"),
});

/** Prepares what the planned tests need, and runs them (planTests in suites.mjs). → exit code */
export const test = async ({ node, plan: { needs, pytest, vitest, testName }, env }) => {
  const reports = mkdtempSync(join(tmpdir(), "load-manager-test-"));
  const stops = [];
  try {
    const { found, missing } = await prepare(needs, { env, node }, stops);
    const counts = [];
    if (pytest !== undefined)
      counts.push(...(await runPytest(pytest, { reports, env, found, missing })));
    if (vitest !== undefined)
      counts.push(
        await runVitest(vitest, {
          node,
          reports,
          env: withCompileCache(env, reports),
          found,
          needs,
          testName,
        }),
      );
    for (const what of missing) say(`\nNOT RUN: ${what}`);
    const passed = counts.reduce((sum, count) => sum + count.passed, 0);
    const failed =
      counts.reduce((sum, count) => sum + count.failed, 0) + (ALL ? missing.length : 0);
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    return failed === 0 ? 0 : 1;
  } finally {
    for (const stop of stops) await stop();
    rmSync(reports, { recursive: true, force: true });
  }
};

/** Runs the planned tests (planUnit in suites.mjs). → exit code */
export const testUnit = async ({ node, plan, env }) => {
  const { isWatching, vitest, leftOut, testName } = plan;
  for (const [reason, files] of Object.entries(leftOut))
    say(`left out (${reason}; npm test runs them): ${files.join(", ")}`);
  const exclude = Object.values(leftOut)
    .flat()
    .flatMap((file) => ["--exclude", file]);
  const unit = ["--project", "unit", ...exclude, ...vitest];
  if (isWatching) return foreground(node, [VITEST, "watch", ...unit], env);
  if (testName === undefined) return foreground(node, [VITEST, "run", ...unit], env);
  // vitest itself succeeds if no test has the name.
  const reports = mkdtempSync(join(tmpdir(), "load-manager-test-"));
  try {
    const path = join(reports, "vitest.json");
    const code = await foreground(node, [VITEST, "run", ...withReport(path), ...unit], env);
    const nothing = nothingNamed(readJson(path), testName);
    if (nothing === undefined) return code;
    say(`\n${nothing}`);
    return 1;
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
};
