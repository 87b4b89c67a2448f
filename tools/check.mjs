// Types, lint, format, dead code, layers, length of files.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brokenLayers } from "./layers.mjs";
import { capture, ROOT, say } from "./steps.mjs";

const LONGEST = 400;
/** A table is read as a whole. */
const MAY_BE_LONGER = new Set(["contract/src/routes.ts"]);

const sources = (folder = ROOT) =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory())
      return /^(\..*|node_modules|__pycache__)$/.test(entry.name) ? [] : sources(path);
    return /\.(ts|tsx|mjs|js|py)$/.test(entry.name) ? [relative(ROOT, path)] : [];
  });

const tooLong = () =>
  sources()
    .filter((file) => !MAY_BE_LONGER.has(file))
    .map((file) => [file, readFileSync(join(ROOT, file), "utf8").split("\n").length - 1])
    .filter(([, lines]) => lines > LONGEST)
    .map(([file, lines]) => `${file} has ${lines} lines; ${LONGEST} is the most`);

export const check = async ({ node, env }) => {
  const run =
    (name, ...args) =>
    () => {
      const { ok, all } = capture(node, [join(ROOT, "node_modules", name), ...args], {
        cwd: ROOT,
        env,
      });
      return ok ? [] : [all];
    };
  const steps = {
    types: run("typescript/bin/tsc", "-p", "."),
    lint: run("oxlint/bin/oxlint", "--type-aware", "--deny-warnings"),
    format: run("oxfmt/bin/oxfmt", "--check"),
    "dead code": run("knip/bin/knip.js", "--no-progress"),
    layers: () =>
      brokenLayers(
        sources().map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") })),
      ),
    "length of files": tooLong,
  };
  let failed = 0;
  for (const [name, step] of Object.entries(steps)) {
    const started = performance.now();
    const problems = step();
    failed += problems.length > 0 ? 1 : 0;
    say(
      `${problems.length === 0 ? "ok  " : "FAIL"} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
    );
    for (const problem of problems) say(problem);
  }
  return failed === 0 ? 0 : 1;
};
