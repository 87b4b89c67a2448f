// The entry point of all npm scripts: installs what is missing, then runs the script on the right Node.
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { check } from "./check.mjs";
import { ensurePackages, findNode } from "./node.mjs";
import { ensurePython } from "./python.mjs";
import { foreground, ROOT, say, Stop } from "./steps.mjs";
import { test, testUnit } from "./test.mjs";

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

const main = async ([what, ...args]) => {
  await ensurePackages();
  const node = findNode();
  const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` };
  switch (what) {
    case "start":
    case "dev": {
      const ready = needsPython(configurationOf(args)) ? await withPython(env) : env;
      const watch = what === "dev" ? ["--watch"] : [];
      return foreground(node, [...watch, CLI, "serve", ...args], ready);
    }
    case "demo":
      return foreground(node, [CLI, "demo", ...args], await withPython(env));
    case "shop":
      return foreground(node, [join(ROOT, "examples/shop/main.ts"), ...args], env);
    case "test":
      return test({ node, args, env });
    case "unit":
      return testUnit({ node, args, env });
    case "truth":
      return test({ node, args: ["e2e/truth"], env: { ...env, LOAD_MANAGER_TRUTH: "long" } });
    case "soak": {
      const at = args.indexOf("--hours");
      const minutes = at < 0 ? 20 : Number(args[at + 1]) * 60;
      if (!(minutes > 0)) throw new Stop("npm run test:soak -- --hours N takes a number above 0.");
      const soak = { ...env, LOAD_MANAGER_SOAK_MINUTES: String(minutes) };
      return test({ node, args: ["e2e/soak"], env: soak });
    }
    case "faults":
      return test({
        node,
        args: args.length > 0 ? args : ["e2e/faults"],
        env: { ...env, LOAD_MANAGER_FAULTS: "all" },
      });
    case "long":
      return foreground(
        node,
        [join(ROOT, "server/src/runs/testing/simulation/long.ts"), ...args],
        env,
      );
    case "migrate":
      return test({ node, args: ["e2e/migrate"], env: { ...env, LOAD_MANAGER_MIGRATE: "long" } });
    case "check":
      return check({ node, env, args });
    case "format":
      return foreground(node, [join(ROOT, "node_modules/oxfmt/bin/oxfmt"), ...args], env);
    case "bench":
      return foreground(node, [join(ROOT, "bench/main.ts"), ...args], await withPython(env));
    default:
      throw new Stop(
        `There is no script ${what}; there are start, demo, dev, shop, test, unit, truth, faults, soak, long, migrate, check, format and bench.`,
      );
  }
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
