import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { check, chosenSteps } from "./check.mjs";
import { brokenRules, MAY_IMPORT } from "./imports.mjs";
import { longFiles, longPythonFunctions, pythonFunctions } from "./lengths.mjs";
import { ROOT } from "./steps.mjs";

const broken = (file, text, table) => brokenRules([{ file, text }], table);

describe("the imports of a folder", () => {
  const importing = (file, specifier, how = "import { x } from") =>
    broken(file, `${how} "${specifier}";`);

  test("are its own files and those that its rule allows; the failure names the rule", () => {
    expect(importing("server/src/runs/domain/decide.ts", "./health.ts")).toEqual([]);
    expect(importing("server/src/runs/domain/decide.ts", "../../lib/errors.ts")).toEqual([]);
    expect(importing("server/src/runs/domain/decide.ts", "../../lib/clock.ts")).toEqual([
      "server/src/runs/domain/decide.ts must not import server/src/lib/clock.ts (server/src/runs/domain may import: contract/src, server/src/lib/errors.ts)",
    ]);
    expect(importing("server/src/runs/commands/stop.ts", "../controller/loop.ts")).toHaveLength(1);
    expect(importing("server/src/runs/controller/loop.ts", "../commands/stop.ts")).toEqual([]);
    expect(importing("server/src/metrics/query/a.ts", "../codec/rollup.ts")).toEqual([]);
    expect(importing("server/src/metrics/rollups/a.ts", "../query/window.ts")).toHaveLength(1);
    expect(importing("server/src/stream/a.ts", "../stores/sqlite/stores.ts")).toHaveLength(1);
    expect(importing("server/src/app.ts", "./stores/sqlite/stores.ts")).toEqual([]);
  });

  test("include workspace names, re-exports, type imports and dynamic imports", () => {
    const contract = "contract/src/run.ts";
    const app = "@load-manager/server/app.ts";
    expect(importing(contract, app)).toHaveLength(1);
    expect(importing(contract, app, "export * from")).toHaveLength(1);
    expect(importing(contract, app, "import type { x } from")).toHaveLength(1);
    expect(importing(contract, app, "import {\n  x,\n  type Y,\n} from")).toHaveLength(1);
    expect(importing(contract, app, "import")).toHaveLength(1);
    expect(broken(contract, `const x = await import("${app}");`)).toHaveLength(1);
    expect(importing(contract, "zod")).toEqual([]);
    expect(importing("server/src/lib/a.ts", "@load-manager/contract/run.ts")).toEqual([]);
  });

  test("may be limited to types", () => {
    const command = "server/src/runs/commands/stop.ts";
    expect(importing(command, "../ownership/leases.ts", "import type { Lease } from")).toEqual([]);
    expect(importing(command, "../ownership/leases.ts", "import { take } from")).toHaveLength(1);
    expect(importing(command, "../controller/loop.ts", "import type { Loop } from")).toHaveLength(
      1,
    );
  });

  test("follow the longest matching rule; the files of a folder do not include its subfolders", () => {
    const table = { "a/*": ["b/x"], "a/in": [], "b/x": [], "b/x/one.ts": ["a/in"] };
    expect(broken("a/f.ts", 'import "../b/x/y.ts";', table)).toEqual([]);
    expect(broken("a/in/f.ts", 'import "../../b/x/y.ts";', table)).toHaveLength(1);
    expect(broken("b/x/one.ts", 'import "../../a/in/f.ts";', table)).toEqual([]);
    expect(broken("b/x/two.ts", 'import "../../a/in/f.ts";', table)).toHaveLength(1);
  });

  test("a folder without a rule is reported once", () => {
    const files = ["server/src/news/a.ts", "server/src/news/b.ts", "server/src/clusters/k8s/a.ts"];
    expect(brokenRules(files.map((file) => ({ file, text: "" })))).toEqual([
      expect.stringMatching(/^server\/src\/news has no rule/),
      expect.stringMatching(/^server\/src\/clusters\/k8s has no rule/),
    ]);
    expect(broken("server/src/new.ts", "")).toHaveLength(1);
    expect(broken("web/src/page.tsx", "")).toHaveLength(1);
  });

  test("tests and their support code may import everything, and only tests may import that support code", () => {
    const everything = 'import "../../app.ts"; Date.now(); process.env.X; stores.runs.update(1)';
    expect(broken("server/src/runs/domain/a.test.ts", everything)).toEqual([]);
    expect(broken("server/src/runs/testing/simulation/world.ts", everything)).toEqual([]);
    const support = 'import { testRun } from "../testing/fixtures.ts";';
    expect(broken("server/src/runs/journal/events.ts", support)).not.toEqual([]);
    expect(broken("bench/a.ts", 'import "../server/src/metrics/testing/fixtures.ts";')).toEqual([]);
  });

  test("only the command line imports legacy-import", () => {
    const naming = Object.entries(MAY_IMPORT).filter(
      ([folder, may]) => !folder.startsWith("legacy-import/") && /legacy-import/.test(String(may)),
    );
    expect(naming.map(([folder]) => folder)).toEqual(["cli/src"]);
  });
});

describe("uses that only a few files may have", () => {
  const [inside, clock] = ["server/src/http/bind.ts", "server/src/lib/clock.ts"];
  test("create a time or an id", () => {
    for (const text of [
      "Date.now()",
      "new Date()",
      "Math.random()",
      "randomUUID()",
      "performance.now()",
    ]) {
      expect(broken(inside, `const now = ${text};`)).toEqual([
        `${inside} creates a time or an id; take a Clock or Ids as an argument`,
      ]);
      expect(broken(clock, `const now = ${text};`)).toEqual([]);
      expect(broken("cli/src/store.ts", `const now = ${text};`)).toEqual([]);
    }
    expect(broken(inside, "const then = new Date(ms);")).toEqual([]);
  });
  test("import the real clock", () => {
    const taking = (from) => `import { systemClock } from "${from}";`;
    expect(broken(inside, taking("../lib/clock.ts"))).toHaveLength(1);
    expect(broken("server/src/app.ts", taking("./lib/clock.ts"))).toHaveLength(1);
    expect(broken("server/src/server.ts", taking("./lib/clock.ts"))).toEqual([]);
    expect(broken("cli/src/a.ts", taking("@load-manager/server/lib/clock.ts"))).toEqual([]);
  });
  test("read the environment", () => {
    expect(broken(inside, 'process.env["HOME"]')).toHaveLength(1);
    expect(broken("server/src/config/check.ts", 'process.env["HOME"]')).toHaveLength(1);
    expect(broken("server/src/config/load-config.ts", 'process.env["HOME"]')).toEqual([]);
  });
  test("change a stored run", () => {
    expect(broken("server/src/runs/commands/a.ts", "await deps.stores.runs.update(id)")).toEqual([
      expect.stringContaining("only server/src/runs/journal may"),
    ]);
    expect(broken("server/src/runs/journal/run-writer.ts", "await runs.update(id)")).toEqual([]);
  });
});

describe("import cycles", () => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-cycles-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  const lint = (...files) => {
    const oxlint = join(ROOT, "node_modules/oxlint/bin/oxlint");
    const args = [oxlint, "--config", join(ROOT, ".oxlintrc.json"), ...files];
    const result = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    return `${result.stdout}${result.stderr}`;
  };
  test("of types, between workspaces and through a third file are reported with their path", () => {
    for (const name of ["one", "two"]) {
      write(
        `${name}/package.json`,
        JSON.stringify({ name: `@x/${name}`, exports: { "./*": "./src/*" } }),
      );
      mkdirSync(join(folder, "node_modules/@x"), { recursive: true });
      symlinkSync(join(folder, name), join(folder, "node_modules/@x", name));
    }
    write("one/src/a.ts", 'import type { B } from "@x/two/b.ts";\nexport type A = B;\n');
    write("two/src/b.ts", 'import { c } from "./c.ts";\nexport type B = typeof c;\n');
    write("two/src/c.ts", 'import type { A } from "@x/one/a.ts";\nexport const c: A | 1 = 1;\n');
    const output = lint("one/src/a.ts", "two/src/b.ts", "two/src/c.ts");
    expect(output).toContain("import(no-cycle)");
    for (const file of ["two/src/b.ts", "two/src/c.ts"]) expect(output).toContain(`(${file})`);
    write("two/src/c.ts", "export const c = 1;\n");
    expect(lint("one/src/a.ts", "two/src/b.ts", "two/src/c.ts")).not.toContain("no-cycle");
  });
});

describe("lengths", () => {
  const python = (count) => [
    "class A:",
    "    def long(",
    "        self,",
    "    ) -> None:",
    ...Array(count).fill("        x()"),
  ];
  test("a Python function ends with its last non-empty line", () => {
    const text = [
      ...python(3),
      "",
      '        y = """',
      "not = indented",
      "def inside_a_text():",
      '"""',
      "",
      "    async def next(self): ...",
      "",
      "z = 1",
    ].join("\n");
    expect(pythonFunctions(text)).toEqual([
      { name: "long", line: 2, length: 11 },
      { name: "next", line: 14, length: 1 },
    ]);
  });
  test("80 lines are allowed, 81 are not", () => {
    const of = (count) => longPythonFunctions([{ file: "a.py", text: python(count).join("\n") }]);
    expect(of(77)).toEqual([]);
    expect(of(78)).toEqual(["a.py:2 long has 81 lines; 80 is the most"]);
  });
  test("a file above 400 lines is named", () => {
    expect(longFiles([{ file: "a.ts", text: "x\n".repeat(400) }])).toEqual([]);
    expect(longFiles([{ file: "a.ts", text: "x\n".repeat(401) }])).toHaveLength(1);
  });
});

describe("npm run check", () => {
  const steps = {
    good: { what: "good things", run: async () => ({ problems: [], warnings: ["a word"] }) },
    bad: { what: "bad things", run: async () => ({ problems: ["it is bad"] }) },
  };
  const run = async (args) => {
    const lines = [];
    const code = await check({ args, steps, print: (line) => lines.push(line) });
    return { code, said: lines.join("\n") };
  };
  test("prints for each step what it checks, its result and its time", async () => {
    const { code, said } = await run([]);
    expect(code).toBe(1);
    expect(said).toMatch(/^ok +good +\d+\.\d s {2}good things$/m);
    expect(said).toMatch(/^FAIL +bad +\d+\.\d s {2}bad things\nit is bad/m);
    expect(said).toContain("warning: a word");
  });
  test("runs the named steps, and lists all steps when a name is unknown", async () => {
    const { code, said } = await run(["good"]);
    expect(code).toBe(0);
    expect(said).not.toContain("bad");
    await expect(run(["goood"])).rejects.toThrow("There is no check goood; there are good, bad.");
    expect(chosenSteps(["imports"]).map(([name]) => name)).toEqual(["imports"]);
    expect(() => chosenSteps(["toString"])).toThrow("There is no check");
  });
});
