// npm run check [-- STEP …]: the static checks.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { didYouMean } from "./arguments.mjs";
import { brokenRules, roomCycles, unusedRules } from "./import-check.mjs";
import { longFiles, longPythonFunctions } from "./lengths.mjs";
import { filesOf, ROOT, say, Stop } from "./steps.mjs";

const readSources = () =>
  filesOf(/\.(ts|tsx|mjs|js|py)$/).map((file) => ({
    file,
    text: readFileSync(join(ROOT, file), "utf8"),
  }));

/** Runs a program of node_modules. If it fails, its output is the problem. */
const program =
  (name, ...args) =>
  ({ node, env }) =>
    new Promise((resolve) => {
      const child = spawn(node, [join(ROOT, "node_modules", name), ...args], { cwd: ROOT, env });
      let output = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text) => (output += text));
      child.on("error", (error) => resolve({ problems: [error.message] }));
      child.on("close", (code) => resolve({ problems: code === 0 ? [] : [output.trim()] }));
    });

/** Two programs after each other, with the problems of both. */
const both = (first, second) => async (context) => {
  const results = [await first(context), await second(context)];
  return { problems: results.flatMap(({ problems }) => problems) };
};

/** name → `what` is checked, and `run`, which returns { problems, warnings }, each a list of texts. */
const STEPS = {
  types: {
    what: "TypeScript compiles, with every strict option",
    run: both(program("typescript/bin/tsc", "-p", "."), program("typescript/bin/tsc", "-p", "web")),
  },
  lint: {
    what: "oxlint's rules, import cycles, functions of at most 80 lines",
    run: program("oxlint/bin/oxlint", "--type-aware", "--deny-warnings"),
  },
  format: {
    what: "files are formatted (npm run format does it)",
    run: program("oxfmt/bin/oxfmt", "--check"),
  },
  unused: {
    what: "no unused file, export or dependency",
    run: program("knip/bin/knip.js", "--no-progress"),
  },
  imports: {
    what: "folders import and use only what tools/imports.mjs and uses.mjs allow, all that they allow is needed, and no two folders import each other",
    run: async () => {
      const sources = readSources();
      return {
        problems: [...brokenRules(sources), ...unusedRules(sources), ...roomCycles(sources)],
      };
    },
  },
  lengths: {
    what: "Python functions of at most 80 lines; a warning for files above 400 lines",
    run: async () => {
      const sources = readSources();
      return { problems: longPythonFunctions(sources), warnings: longFiles(sources) };
    },
  },
};

/** → the steps with these names, or all steps without names. */
export const chosenSteps = (names, steps = STEPS) => {
  const known = Object.keys(steps);
  const unknown = names.find((name) => !Object.hasOwn(steps, name));
  if (unknown !== undefined) {
    const near = didYouMean(unknown, known);
    throw new Stop(`There is no check ${unknown}${near}; there are ${known.join(", ")}.`);
  }
  return Object.entries(steps).filter(([name]) => names.length === 0 || names.includes(name));
};

/** Runs two steps at a time, and prints each as it ends. → exit code */
export const check = async ({ node, env, args = [], steps = STEPS, print = say }) => {
  const waiting = chosenSteps(args, steps);
  const width = Math.max(...waiting.map(([name]) => name.length));
  let failed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, { what, run }] = next;
      const started = performance.now();
      const { problems, warnings = [] } = await run({ node, env });
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      failed += problems.length > 0 ? 1 : 0;
      print(
        `${problems.length === 0 ? "ok  " : "FAIL"} ${name.padEnd(width)} ${seconds.padStart(5)} s  ${what}`,
      );
      for (const problem of problems) print(problem);
      for (const warning of warnings) print(`     warning: ${warning}`);
    }
  };
  await Promise.all([work(), work()]);
  return failed === 0 ? 0 : 1;
};
