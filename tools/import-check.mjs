// Holds the code to the tables of tools/imports.mjs and tools/uses.mjs.
import { MAY_BE_IN_A_CYCLE, MAY_IMPORT, TEST_TOOLS, TESTING } from "./imports.mjs";
import { PLUGIN, PYTHON_MODULES } from "./plugin-imports.mjs";
import { OUTSIDE, USES } from "./uses.mjs";

const TABLES = {
  mayImport: MAY_IMPORT,
  mayBeInACycle: MAY_BE_IN_A_CYCLE,
  uses: USES,
  pythonModules: PYTHON_MODULES,
};

// A comment ends in one place alone, so that the patterns below have no second way to match it.
const COMMENT = String.raw`\/\*(?:[^*]|\*(?!\/))*\*\/|\/\/.*\n`;
const GAP = String.raw`(?:\s|${COMMENT})*`;
/** What may be between `import` or `export` and `from`. */
const CLAUSE = `(?:[^"'\`;/]|${COMMENT})*?`;
const NAME = String.raw`["']([^"']+)["']`;
const TYPESCRIPT_IMPORT = new RegExp(
  String.raw`(?:^|;|\*\/)\s*(?:import|export)\b${GAP}(type\b)?${CLAUSE}\bfrom${GAP}${NAME}|\bimport${GAP}\(?${GAP}${NAME}`,
  "gm",
);
const COMPUTED_IMPORT = new RegExp(
  String.raw`\bimport${GAP}\((?!${GAP}["'][^"']*["']${GAP}[,)])`,
  "g",
);
/** Strings come first, so that a `#` in one begins no comment. */
const PYTHON_TEXT = /("""|''')[\s\S]*?\1|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|#.*/g;
const PYTHON_IMPORT =
  /(?:^|[;:])[ \t]*(?:from[ \t]*(\.*)[ \t]*([\w.]*)[ \t]+import\b[ \t]*(?:\(([^)]*)\)|([^;\n]*))|import[ \t]+([^;\n]*))/gm;
const COMPUTED_PYTHON_IMPORT = /\b__import__\b/g;

const folderOf = (file) => file.split("/").slice(0, -1).join("/");

/** Resolves an import to a path from the project's root, or to `npm:NAME` or `node:NAME`. */
const resolve = (file, specifier) => {
  if (specifier.startsWith("@load-manager/")) {
    const [, workspace, ...rest] = specifier.split("/");
    return `${workspace}/src/${rest.join("/")}`;
  }
  if (specifier.startsWith("node:")) return specifier;
  if (!specifier.startsWith(".")) return `npm:${specifier}`;
  const path = [];
  for (const part of [...file.split("/").slice(0, -1), ...specifier.split("/")]) {
    if (part === "..") path.pop();
    else if (part !== ".") path.push(part);
  }
  return path.join("/");
};

const typescriptImports = ({ file, text }) => [
  ...[...text.matchAll(TYPESCRIPT_IMPORT)].map(([, type, from, dynamic]) => ({
    target: resolve(file, from ?? dynamic),
    isType: type !== undefined,
  })),
  ...[...text.matchAll(COMPUTED_IMPORT)].map(() => ({ target: "import()", isType: false })),
];

const namesIn = (list) =>
  list
    .split(",")
    .map((name) => name.trim().split(/\s/)[0])
    .filter((name) => name !== "");

const PLUGIN_NAME = PLUGIN.split("/").at(-1);

/** The path of a Python module without its ending; `undefined` if it is not the plugin's. */
const pluginModule = (file, dots, module) => {
  const parts = module.split(".").filter((part) => part !== "");
  if (dots !== "") return [...file.split("/").slice(0, -dots.length), ...parts].join("/");
  return parts[0] === PLUGIN_NAME ? [PLUGIN, ...parts.slice(1)].join("/") : undefined;
};

/** → the file of a module; of a package its `__init__.py`, also if there is none. */
const pythonFile = (module, isFile) =>
  isFile(`${module}.py`) ? `${module}.py` : `${module}/__init__.py`;

/** `from ..shared import a` imports the module or package `a` of the folder, or something of its `__init__.py`. */
const pythonTargets = (base, names, isFile) => {
  if (isFile(`${base}.py`)) return [`${base}.py`];
  return names.map((name) => {
    const file = pythonFile(`${base}/${name}`, isFile);
    return isFile(file) ? file : `${base}/__init__.py`;
  });
};

/** A module of Python itself is `python:NAME`, any other that is not the plugin's `pip:NAME`. */
const packageOf = (module, pythonModules) => {
  const [name] = module.split(".");
  return `${pythonModules.includes(name) ? "python" : "pip"}:${name}`;
};

const pythonImports = ({ file, text }, isFile, pythonModules) => {
  const code = text.replaceAll(PYTHON_TEXT, (found) => (found.startsWith("#") ? "" : '""'));
  const targets = [...code.matchAll(PYTHON_IMPORT)].flatMap(
    ([, dots, module, inside, names, plain]) => {
      if (plain === undefined) {
        const base = pluginModule(file, dots, module);
        if (base === undefined) return [packageOf(module, pythonModules)];
        return pythonTargets(base, namesIn(inside ?? names), isFile);
      }
      return namesIn(plain).map((name) => {
        const base = pluginModule(file, "", name);
        return base === undefined ? packageOf(name, pythonModules) : pythonFile(base, isFile);
      });
    },
  );
  const computed = [...code.matchAll(COMPUTED_PYTHON_IMPORT)].map(() => "import()");
  return [...new Set([...targets, ...computed])].map((target) => ({ target, isType: false }));
};

const importsOf = (source, isFile, pythonModules) =>
  source.file.endsWith(".py")
    ? pythonImports(source, isFile, pythonModules)
    : typescriptImports(source);

/** The project's files that a TypeScript source imports, as paths from the project's root. */
export const importedFiles = (source) =>
  typescriptImports(source)
    .map(({ target }) => target)
    .filter((target) => !/^(npm:|node:|import\(\))/.test(target));

const fits = (pattern, file) => {
  if (pattern.endsWith(":*")) return file.startsWith(pattern.slice(0, -1));
  if (pattern.endsWith("/*")) return folderOf(file) === pattern.slice(0, -2);
  return file === pattern || file.startsWith(`${pattern}/`);
};

const fitsAny = (patterns, file) => patterns.some((pattern) => fits(pattern, file));

const ruleOf = (file, mayImport) =>
  Object.keys(mayImport)
    .filter((pattern) => fits(pattern, file))
    .toSorted((a, b) => b.length - a.length)[0];

const allows = (pattern, { target, isType }) =>
  pattern.startsWith("type ")
    ? isType && fits(pattern.slice("type ".length), target)
    : fits(pattern, target);

const isProduct = (file) =>
  (/\.tsx?$/.test(file) && !TESTING.test(file)) ||
  (file.endsWith(".py") && file.startsWith(`${PLUGIN}/`));

/** → the files to check, each with its rule and its imports. */
const readProduct = (sources, mayImport, pythonModules) => {
  const files = new Set(sources.map(({ file }) => file));
  return sources
    .filter(({ file }) => isProduct(file))
    .map((source) => ({
      ...source,
      rule: ruleOf(source.file, mayImport),
      imports: importsOf(source, (file) => files.has(file), pythonModules),
    }));
};

const foldersWithoutRule = (product) => {
  const without = product.filter(({ rule }) => rule === undefined);
  return [...new Set(without.map(({ file }) => folderOf(file) || file))].map(
    (folder) => `${folder} has no rule: add its allowed imports to MAY_IMPORT in tools/imports.mjs`,
  );
};

const forbiddenImports = ({ file, rule, imports }, mayImport) => {
  if (rule === undefined) return [];
  const allowed = mayImport[rule];
  const may = allowed.join(", ") || "itself alone";
  const forbidden = imports.filter(
    (one) =>
      !one.target.startsWith("python:") &&
      !fits(rule, one.target) &&
      !allowed.some((pattern) => allows(pattern, one)),
  );
  const testing = imports.filter(
    ({ target }) => TESTING.test(target) && !fitsAny(TEST_TOOLS, file),
  );
  return [
    ...forbidden.map(
      ({ target }) => `${file} must not import ${target} (${rule} may import: ${may})`,
    ),
    ...testing.map(({ target }) => `${file} must not import ${target}: it is for tests only`),
  ];
};

const forbiddenUses = ({ file, text }, uses) => {
  if (file.endsWith(".py")) return [];
  return uses
    .filter(({ what, only, everywhere = false }) => {
      const allowed = everywhere ? only : [...only, ...OUTSIDE];
      return what.test(text) && !fitsAny(allowed, file);
    })
    .map(({ why }) => `${file} ${why}`);
};

/** → one message for each folder without a rule, and for each forbidden import or use. */
export const brokenRules = (sources, { mayImport, uses, pythonModules } = TABLES) => {
  const product = readProduct(sources, mayImport, pythonModules);
  return [
    ...foldersWithoutRule(product),
    ...product.flatMap((source) => [
      ...forbiddenImports(source, mayImport),
      ...forbiddenUses(source, uses),
    ]),
  ];
};

/** → one message for each line of the tables that nothing needs: the code would be right without it. */
export const unusedRules = (sources, { mayImport, uses, pythonModules } = TABLES) => {
  const product = readProduct(sources, mayImport, pythonModules);
  const isNeeded = (rule, pattern) => {
    const others = mayImport[rule].filter((one) => one !== pattern);
    return product.some(
      (source) =>
        source.rule === rule &&
        source.imports.some(
          (one) =>
            allows(pattern, one) &&
            !fits(rule, one.target) &&
            !others.some((other) => allows(other, one)),
        ),
    );
  };
  return [
    ...Object.keys(mayImport)
      .filter((rule) => !product.some((source) => source.rule === rule))
      .map((rule) => `tools/imports.mjs has a rule for ${rule}, which has no file`),
    ...Object.entries(mayImport).flatMap(([rule, allowed]) =>
      allowed
        .filter((pattern) => !isNeeded(rule, pattern))
        .map((pattern) => `${rule} may import ${pattern}, and need not`),
    ),
    ...uses.flatMap(({ what, only, why }) =>
      only
        .filter((path) => !product.some(({ file, text }) => fits(path, file) && what.test(text)))
        .map((path) => `${path} is listed, and need not: "${why}"`),
    ),
    ...pythonModules
      .filter(
        (name) =>
          !product.some(({ imports }) => imports.some(({ target }) => target === `python:${name}`)),
      )
      .map(
        (name) =>
          `tools/plugin-imports.mjs lists Python's module ${name}, which the plugin does not import`,
      ),
  ];
};

/** → for each room the rooms that it imports, types included. A room is a folder, or a file with a rule of its own. */
const roomGraph = (sources, mayImport) => {
  const roomOf = (file) => (Object.hasOwn(mayImport, file) ? file : folderOf(file));
  const graph = new Map();
  for (const { file, imports } of readProduct(sources, mayImport, [])) {
    const room = roomOf(file);
    if (!graph.has(room)) graph.set(room, new Set());
    for (const { target } of imports) {
      const other = roomOf(target);
      if (other !== room) graph.get(room).add(other);
    }
  }
  return graph;
};

/** → the shortest way from one room to another, both included; `undefined` if there is none. */
const wayBetween = (graph, from, to) => {
  const ways = [[from]];
  const seen = new Set();
  for (const way of ways) {
    const room = way.at(-1);
    if (room === to) return way;
    if (seen.has(room)) continue;
    seen.add(room);
    for (const next of graph.get(room) ?? []) ways.push([...way, next]);
  }
  return undefined;
};

/** → one message for each cycle of rooms, and for each exception that is in no cycle. */
export const roomCycles = (sources, { mayImport, mayBeInACycle } = TABLES) => {
  const graph = roomGraph(sources, mayImport);
  const exceptions = mayBeInACycle.map((line) => line.split(" → "));
  const unneeded = exceptions
    .filter(([from, to]) => !graph.get(from)?.has(to) || !wayBetween(graph, to, from))
    .map((pair) => `${pair.join(" → ")} is in no cycle: remove it from MAY_BE_IN_A_CYCLE`);
  for (const [from, to] of exceptions) graph.get(from)?.delete(to);
  const cycles = new Map();
  for (const [room, others] of graph) {
    for (const other of others) {
      const back = wayBetween(graph, other, room);
      if (back === undefined) continue;
      const key = back.toSorted((a, b) => a.localeCompare(b)).join();
      if (!cycles.has(key))
        cycles.set(key, `rooms import each other: ${[room, ...back].join(" → ")}`);
    }
  }
  return [...unneeded, ...cycles.values()];
};
