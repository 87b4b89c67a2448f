import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { check, chosenSteps } from "./check.mjs";
import { longFiles, longPythonFunctions, pythonFunctions } from "./lengths.mjs";
import { ROOT } from "./steps.mjs";

/** A temporary folder of a test, in which it writes files. */
const temporaryFolder = () => {
  const folder = mkdtempSync(join(tmpdir(), "load-manager-check-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (file, text) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  return { folder, write };
};

describe("unused exports", () => {
  const { folder, write } = temporaryFolder();
  test("are reported in a workspace whose files can all be imported from outside, unless another file uses them", () => {
    write("package.json", '{ "workspaces": ["server"], "type": "module" }');
    write("server/package.json", '{ "name": "@x/server", "exports": { "./*": "./src/*" } }');
    write("server/src/a.ts", "export const dead = 1;\nexport const alive = dead + 1;\n");
    write("server/src/b.ts", 'import { alive } from "./a.ts";\nalive.toFixed();\n');
    const knip = join(ROOT, "node_modules/knip/bin/knip.js");
    const args = [knip, "--no-progress", "--directory", folder, "-c", join(ROOT, "knip.json")];
    const { stdout, status } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stdout).toMatch(/^dead +server\/src\/a\.ts:1/m);
    expect(stdout).not.toContain("alive");
    expect(status).toBe(1);
  });
});

describe("import cycles", () => {
  const { folder, write } = temporaryFolder();
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
    await expect(run(["goood"])).rejects.toThrow(
      "There is no check goood (did you mean good?); there are good, bad.",
    );
    expect(chosenSteps(["imports"]).map(([name]) => name)).toEqual(["imports"]);
    expect(() => chosenSteps(["toString"])).toThrow("There is no check");
  });
});
