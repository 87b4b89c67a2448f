// Holds the code to the tables of tools/imports.mjs.
import {
  MAY_BE_IN_A_CYCLE,
  MAY_IMPORT,
  OUTSIDE,
  PLUGIN,
  TEST_TOOLS,
  TESTING,
  USES,
} from "./imports.mjs";

const TABLES = { mayImport: MAY_IMPORT, mayBeInACycle: MAY_BE_IN_A_CYCLE, uses: USES };

const TYPESCRIPT_IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^"'`;]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/gm;
const COMPUTED_IMPORT = /\bimport\s*\((?!\s*["'][^"']*["']\s*[,)])/g;
const PYTHON_IMPORT =
  /^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+(?:\(([^)]*)\)|(.*))|^[ \t]*import[ \t]+(.*)/gm;

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
    .replaceAll(/#.*/g, "")
    .split(",")
    .map((name) => name.trim().split(" ")[0])
    .filter((name) => name !== "");

const THIRD_PARTY = /^(flask|gevent|locust|requests|werkzeug|zmq)$/;
/** Imports of Python's own modules are not checked. */
const pythonPackages = (modules) =>
  modules
    .map((name) => name.split(".")[0])
    .filter((name) => THIRD_PARTY.test(name))
    .map((name) => ({ target: `pip:${name}`, isType: false }));

/** `from ..shared import a` imports the module `a` of the folder, or something of its `__init__.py`. */
const pythonImports = ({ file, text }, isFile) =>
  [...text.matchAll(PYTHON_IMPORT)].flatMap(([, dots, module, inside, names, plain]) => {
    if (plain !== undefined) return pythonPackages(namesIn(plain));
    if (dots === "") return pythonPackages([module]);
    const up = file.split("/").slice(0, -dots.length);
    const base = [...up, ...module.split(".").filter((part) => part !== "")].join("/");
    if (isFile(`${base}.py`)) return [{ target: `${base}.py`, isType: false }];
    const modules = namesIn(inside ?? names).map((name) => `${base}/${name}.py`);
    return [...new Set(modules.map((one) => (isFile(one) ? one : `${base}/__init__.py`)))].map(
      (target) => ({ target, isType: false }),
    );
  });

const importsOf = (source, isFile) =>
  source.file.endsWith(".py") ? pythonImports(source, isFile) : typescriptImports(source);

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
const readProduct = (sources, mayImport) => {
  const files = new Set(sources.map(({ file }) => file));
  return sources
    .filter(({ file }) => isProduct(file))
    .map((source) => ({
      ...source,
      rule: ruleOf(source.file, mayImport),
      imports: importsOf(source, (file) => files.has(file)),
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
    (one) => !fits(rule, one.target) && !allowed.some((pattern) => allows(pattern, one)),
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
export const brokenRules = (sources, { mayImport, uses } = TABLES) => {
  const product = readProduct(sources, mayImport);
  return [
    ...foldersWithoutRule(product),
    ...product.flatMap((source) => [
      ...forbiddenImports(source, mayImport),
      ...forbiddenUses(source, uses),
    ]),
  ];
};

/** → one message for each line of the tables that nothing needs: the code would be right without it. */
export const unusedRules = (sources, { mayImport, uses } = TABLES) => {
  const product = readProduct(sources, mayImport);
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
  ];
};

/** → for each room the rooms that it imports, types included. A room is a folder, or a file with a rule of its own. */
const roomGraph = (sources, mayImport) => {
  const roomOf = (file) => (Object.hasOwn(mayImport, file) ? file : folderOf(file));
  const graph = new Map();
  for (const { file, imports } of readProduct(sources, mayImport)) {
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
