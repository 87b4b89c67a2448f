// The entry point of all npm scripts: checks the arguments, installs what is missing, then runs the script on the right Node.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import {
  checkBench,
  checkFormat,
  checkLong,
  didYouMean,
  noArguments,
  soakMinutes,
} from "./arguments.mjs";
import { check, chosenSteps } from "./check.mjs";
import { ensureChromium } from "./chromium.mjs";
import { ensurePackages, findNode } from "./node.mjs";
import { ensurePython } from "./python.mjs";
import { capture, foreground, ROOT, say, Stop } from "./steps.mjs";
import { faultsArguments, planTests, planUnit } from "./suites.mjs";
import { test, testUnit } from "./test.mjs";
import { ensureWeb } from "./web.mjs";

const SCRIPTS = [
  "start",
  "demo",
  "dev",
  "shop",
  "test",
  "unit",
  "truth",
  "locust",
  "migrate",
  "faults",
  "soak",
  "screenshots",
  "long",
  "check",
  "format",
  "bench",
];
/** What `npm test` runs on the newest Locust alone: what people's scripts do, and other things that depend little on its version. */
const SCRIPT_TESTS = [
  "e2e/scripts-of-locust",
  "e2e/user-kinds",
  "e2e/load-profiles",
  "e2e/several-files",
  "e2e/packages",
  "e2e/script-",
  "e2e/run-settings",
  "e2e/endpoint-groups",
  "e2e/odd-values",
  "e2e/criteria.test",
  "e2e/polled-load",
  "e2e/auto-stop",
  "e2e/evidence",
  "e2e/older-plugins",
  "e2e/recipes",
];
const CLI = join(ROOT, "cli/bin/load-manager.js");

/** Only local clusters need Python: a configuration whose clusters are all attached needs none. */
export const needsPython = (configuration) =>
  configuration === undefined ||
  !/^\s*locustClusters\s*:/m.test(configuration) ||
  /\bkind\s*:\s*["']?local\b/.test(configuration);

const configurationOf = (args) => {
  const at = args.findIndex((arg) => arg === "--config" || arg.startsWith("--config="));
  const given = at < 0 ? process.env.LOAD_MANAGER_CONFIG : (args[at].split("=")[1] ?? args[at + 1]);
  const file = given ?? "load-manager.yaml";
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
};

const withPython = async (env) => ({ ...env, LOAD_MANAGER_PYTHON: (await ensurePython()).python });

const nameOf = (what) => {
  if (what === "test") return "npm test";
  const isTest = ["unit", "truth", "locust", "migrate", "faults", "soak", "long"].includes(what);
  return `npm run ${isTest ? "test:" : ""}${what}`;
};

/** Runs a program of the project's Node. */
const program =
  (file, args) =>
  ({ node, env }) =>
    foreground(node, [join(ROOT, file), ...args], env);

/** Formats every file, or those at the paths. */
const formatFiles =
  (script, paths) =>
  ({ node, env }) => {
    const oxfmt = [join(ROOT, "node_modules/oxfmt/bin/oxfmt"), ...paths];
    const { ok, all } = capture(node, oxfmt, { cwd: ROOT, env });
    // What oxfmt says then names neither the path nor the file with the rules.
    const nothing = `${script} formats nothing at ${paths.join(" ")}: .oxfmtrc.json leaves it out, or it has no source file.`;
    say(/Expected at least one target file/.test(all) ? nothing : all);
    return ok ? 0 : 1;
  };

/** The server, which starts again when its code changes, and beside it the page, which a browser reloads by itself. */
const dev = async ({ node, env, args }) => {
  const web = spawn(node, [join(ROOT, "node_modules/vite/bin/vite.js"), join(ROOT, "web")], {
    stdio: ["ignore", "inherit", "inherit"],
    env,
  });
  try {
    // Node's watching process would not hand the channel on.
    return await foreground(node, ["--watch", CLI, "serve", ...args], env);
  } finally {
    web.kill("SIGTERM");
  }
};

/** Checks the arguments of a script. → what runs when everything is installed: ({ node, env }) → exit code. */
export const planScript = (what, args) => {
  const script = nameOf(what);
  const tests = (paths, variables = {}) => {
    const plan = planTests(paths, script);
    return ({ node, env }) => test({ node, plan, env: { ...env, ...variables } });
  };
  switch (what) {
    case "start":
      return async ({ node, env }) => {
        const ready = needsPython(configurationOf(args)) ? await withPython(env) : env;
        await ensureWeb({ node, env });
        return foreground(node, [CLI, "serve", ...args], ready, { together: true });
      };
    case "dev":
      return async ({ node, env }) => {
        const ready = needsPython(configurationOf(args)) ? await withPython(env) : env;
        return dev({ node, env: ready, args });
      };
    case "demo":
      return async ({ node, env }) => {
        const ready = await withPython(env);
        await ensureWeb({ node, env });
        return foreground(node, [CLI, "demo", ...args], ready, { together: true });
      };
    case "shop":
      return program("examples/shop/main.ts", args);
    case "test":
      return tests(args);
    case "unit": {
      const plan = planUnit(args, script);
      return ({ node, env }) => testUnit({ node, plan, env });
    }
    case "truth":
      noArguments(script, args);
      return tests(["e2e/truth"], { LOAD_MANAGER_TRUTH: "long" });
    case "locust":
      noArguments(script, args);
      return tests(SCRIPT_TESTS, { LOAD_MANAGER_LOCUST: "all" });
    case "migrate":
      noArguments(script, args);
      return tests(["e2e/migrate"], { LOAD_MANAGER_MIGRATE: "long" });
    case "screenshots":
      noArguments(script, args);
      return tests(["e2e/page/screenshots"], { LOAD_MANAGER_SCREENSHOTS: "1" });
    case "soak": {
      const minutes = soakMinutes(script, args);
      return tests(["e2e/soak"], { LOAD_MANAGER_SOAK_MINUTES: String(minutes) });
    }
    case "faults":
      return tests(faultsArguments(script, args), { LOAD_MANAGER_FAULTS: "all" });
    case "long":
      checkLong(script, args);
      return program("server/src/runs/testing/simulation/long.ts", args);
    case "check":
      chosenSteps(args);
      return ({ node, env }) => check({ node, env, args });
    case "format":
      checkFormat(script, args);
      return formatFiles(script, args);
    case "bench":
      checkBench(script, args);
      return async ({ node, env }) => {
        const { file } = await ensureChromium();
        const found = file === undefined ? {} : { LOAD_MANAGER_TEST_CHROMIUM: file };
        await ensureWeb({ node, env });
        return program(
          "bench/main.ts",
          args,
        )({
          node,
          env: { ...(await withPython(env)), ...found },
        });
      };
    default:
      throw new Stop(
        `There is no script ${what}${didYouMean(what ?? "", SCRIPTS)}; there are ${SCRIPTS.join(", ")}.`,
      );
  }
};

const main = async ([what, ...args]) => {
  const run = planScript(what, args);
  await ensurePackages();
  const node = findNode();
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  return run({ node, env });
};

if (process.argv[1] === import.meta.filename || process.argv[1]?.endsWith("tools/run.mjs")) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
