// The test files, what each needs beside npm's packages, and which of them `npm run test:unit` leaves out.
import { existsSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { didYouMean, parse } from "./arguments.mjs";
import { importedFiles } from "./import-check.mjs";
import { filesOf, ROOT, Stop } from "./steps.mjs";

/**
 * need → the environment variable by which tests find it. A test file has a need if it, or a file that it imports, contains
 * that name, so that there is no list to keep up to date.
 */
const NEEDS = {
  mongodb: /\bLOAD_MANAGER_TEST_MONGODB_URI\b/,
  locust: /\bLOAD_MANAGER_TEST_PYTHON/,
  faketime: /\bLOAD_MANAGER_TEST_FAKETIME\b/,
  chromium: /\bLOAD_MANAGER_TEST_CHROMIUM\b/,
  root: /\bprocess\.getuid\b/,
};
/** Files that contain this name run on the memory store, and once more on MongoDB if there is one. */
const ON_EITHER_STORE = /\bLOAD_MANAGER_TEST_STORE\b/;

/** Tests that take more than 10 s on a busy machine with 2 cores; `npm run test:unit` leaves them out. */
export const SLOW = new Set([
  "cli/src/cli.test.ts", // 22 s: starts the program for every case
  "cli/src/store.test.ts", // 24 s: the same
  "server/src/metrics/one-answer.test.ts", // 15 s: random histories of every way in which figures arrive
  "server/src/metrics/rollups/rollups.test.ts", // 45 s: random histories against every query
  "server/src/metrics/rollups/killed.test.ts", // 22 s: kills processes
  "server/src/runs/domain/exhaustive.test.ts", // 62 s: a disturbance at every call to the store
  "server/src/runs/testing/model.test.ts", // 19 s: every order of every step of two servers
  "server/src/runs/testing/simulation.test.ts", // 18 s: 2000 random histories
  "server/src/stores/backup/backup.test.ts", // 31 s: kills processes
  "server/src/stream/streams.test.ts", // 13 s: 200 readers
]);

const readFile = (file) =>
  existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), "utf8") : undefined;

/** The texts of a file and of all files that it imports. */
const textsOf = (file, read, seen = new Set()) => {
  const text = seen.has(file) ? undefined : read(file);
  seen.add(file);
  if (text === undefined) return [];
  return [text, ...importedFiles({ file, text }).flatMap((one) => textsOf(one, read, seen))];
};

/** → { needs, eitherStore } of a test file. */
export const needsOf = (file, read = readFile) => {
  // Tools set these variables for tests, so their names mean nothing there.
  const texts = file.startsWith("tools/") ? [] : textsOf(file, read);
  const names = (pattern) => texts.some((text) => pattern.test(text));
  const needs = Object.keys(NEEDS).filter((need) => names(NEEDS[need]));
  return { needs, eitherStore: names(ON_EITHER_STORE) };
};

const isInPlugin = (path) => /^locust-plugin(\/|$)/.test(path);

/** Matches like vitest: by a part of the path. */
const matches = (file, paths) =>
  paths.length === 0 || paths.some((path) => file.includes(path.replace(/:\d+$/, "")));

/** The options of vitest that are passed on. */
const VITEST_OPTIONS = {
  "-t": "NAME",
  "--testNamePattern": "NAME",
  "--bail": "N",
  "--retry": "N",
  "--reporter": "NAME",
  "-u": undefined,
  "--update": undefined,
};

/** Separates the paths from the options for vitest. `testName`: the NAME of `-t`, `undefined` without it. */
const asked = (script, args, options) => {
  const { words, given, rest } = parse(script, args, options);
  return {
    paths: words.map((path) => relative(ROOT, resolve(ROOT, path))),
    options: rest,
    testName: given.findLast(([name]) => name === "-t" || name === "--testNamePattern")?.[1],
  };
};

/** All that a test file can be named by: its path and name, and those of its folders. */
const namesOf = (file) => {
  const parts = file.replace(/\.test\.(ts|mjs)$/, "").split("/");
  return [file, ...parts, ...parts.map((_, at) => parts.slice(0, at + 1).join("/"))];
};

const filesAt = (paths, folder = "") => {
  const files = filesOf(/\.test\.(ts|mjs)$/).filter((file) => file.startsWith(folder));
  const lost = paths.find((path) => !files.some((file) => matches(file, [path])));
  if (lost !== undefined) {
    const near = didYouMean(lost, new Set(files.flatMap(namesOf)));
    throw new Stop(
      `No test file ${folder === "" ? "" : `of ${folder} `}has ${lost} in its path${near}.`,
    );
  }
  return files.filter((file) => matches(file, paths));
};

/** → the arguments of `npm test` for `npm run test:faults -- ARGS`: its paths are of fault tests, without any it runs all. */
export const faultsArguments = (script, args) => {
  const { paths } = asked(script, args, VITEST_OPTIONS);
  filesAt(paths, "e2e/faults/");
  return paths.length > 0 ? args : ["e2e/faults", ...args];
};

/**
 * Plans `npm test -- ARGS`. → pytest's paths and vitest's filters (`undefined` if it does not run), and the needs of both.
 */
export const planTests = (args, script = "npm test") => {
  const { paths, options, testName } = asked(script, args, VITEST_OPTIONS);
  const pytest = paths
    .filter(isInPlugin)
    .map((path) => (path === "locust-plugin" ? `${path}/tests` : path));
  const lost = pytest.filter((path) => !existsSync(join(ROOT, path.split("::")[0])));
  if (lost.length > 0) throw new Stop(`There is no ${lost.join(", no ")}.`);
  const filters = paths.filter((path) => !isInPlugin(path));
  const isAll = paths.length === 0;
  const files = isAll || filters.length > 0 ? filesAt(filters) : [];
  if (files.length === 0 && options.length > 0)
    throw new Stop(
      `${options.join(" ")} is for vitest, which runs no test in ${paths.join(", ")}.`,
    );
  const needs = new Set(files.flatMap((file) => needsOf(file).needs));
  if (isAll || pytest.length > 0) needs.add("locust");
  return {
    needs,
    pytest: isAll ? ["locust-plugin/tests"] : pytest.length > 0 ? pytest : undefined,
    vitest: files.length > 0 ? [...filters, ...options] : undefined,
    testName,
  };
};

/** The reason why `npm run test:unit` leaves out a file; `undefined` if it runs it. */
const reasonToLeave = (file) => {
  const { needs, eitherStore } = needsOf(file);
  if (file.startsWith("e2e/") || needs.includes("locust")) return "whole servers, most with Locust";
  if (needs.includes("mongodb") && !eitherStore) return "MongoDB";
  return SLOW.has(file) ? "long" : undefined;
};

/** Plans `npm run test:unit -- ARGS`. → vitest's filters, and the files that are left out, by reason. */
export const planUnit = (args, script = "npm run test:unit") => {
  const all = { "--watch": undefined, ...VITEST_OPTIONS };
  const { paths, options, testName } = asked(script, args, all);
  const inPlugin = paths.find(isInPlugin);
  if (inPlugin !== undefined)
    throw new Stop(`${script} runs no test of the plugin; npm test -- ${inPlugin} does.`);
  const leftOut = {};
  const files = filesAt(paths);
  for (const file of files) {
    const reason = reasonToLeave(file);
    if (reason !== undefined) (leftOut[reason] ??= []).push(file);
  }
  const run = files.length - Object.values(leftOut).flat().length;
  if (run === 0) {
    const [where, why] = [paths.join(" "), Object.keys(leftOut).join("; ")];
    throw new Stop(`${script} leaves out all of ${where} (${why}); npm test -- ${where} runs it.`);
  }
  return {
    isWatching: options.includes("--watch"),
    vitest: [...paths, ...options.filter((option) => option !== "--watch")],
    testName,
    leftOut,
    run,
  };
};
