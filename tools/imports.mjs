// The imports that each folder may have, and the uses that only a few files may have. Whatever is not listed is forbidden.

// Groups of folders that many rules use.
const BASE = ["contract/src", "server/src/lib"];
/** The part of stores/ that other folders may import: ports and descriptions of entities, but no adapter. */
const PORTS = ["server/src/stores/*", "server/src/stores/model"];
const DOMAIN = "server/src/runs/domain";
const CLUSTERS = ["server/src/clusters/port.ts", "server/src/clusters/select-cluster.ts"];
const FACADE = "server/src/metrics/run-metrics.ts";
const ROOM = [...BASE, DOMAIN, ...PORTS];
const CODEC = "server/src/metrics/codec";

/**
 * Folder or file → its allowed imports. A folder may always import its own files.
 * `a/b` is a folder with all below it, `a/b/*` the files of the folder itself, `a/b.ts` a file; `type a/b` allows
 * `import type` alone. The longest matching rule applies; a file without a matching rule is an error.
 */
export const MAY_IMPORT = {
  "contract/src": [],

  "server/src/lib": ["contract/src"],
  // It checks that no two clusters answer the same load tests.
  "server/src/config": [...BASE, "server/src/clusters/select-cluster.ts"],
  "server/src/access": BASE,

  "server/src/runs/domain": ["contract/src", "server/src/lib/errors.ts"],
  "server/src/runs/journal": ROOM,
  "server/src/runs/ownership": [...ROOM, "server/src/runs/journal", "server/src/clusters/port.ts"],
  "server/src/runs/commands": [
    ...ROOM,
    "server/src/runs/journal",
    "type server/src/runs/ownership",
    ...CLUSTERS,
    FACADE,
  ],
  "server/src/runs/controller": [
    ...ROOM,
    "server/src/runs/journal",
    "server/src/runs/ownership",
    "server/src/runs/commands",
    "server/src/clusters/port.ts",
    FACADE,
  ],

  "server/src/runs/services.ts": [
    ...ROOM,
    "server/src/runs/journal",
    "server/src/runs/ownership",
    "server/src/clusters/port.ts",
    FACADE,
  ],

  "server/src/metrics/codec": BASE,
  "server/src/metrics/live": [...ROOM, CODEC],
  "server/src/metrics/ingest": [...ROOM, CODEC, "server/src/metrics/live"],
  "server/src/metrics/rollups": [...ROOM, CODEC],
  "server/src/metrics/query": [...ROOM, CODEC, "server/src/metrics/live"],
  "server/src/metrics/run-metrics.ts": [...ROOM, "server/src/metrics"],

  "server/src/clusters/*": [...BASE, DOMAIN],
  "server/src/clusters/plugin": [...BASE, DOMAIN, "server/src/clusters/*"],
  "server/src/clusters/web-ui": [...BASE, DOMAIN, "server/src/clusters/*"],
  "server/src/clusters/attached": [
    ...BASE,
    DOMAIN,
    "server/src/clusters/*",
    "server/src/clusters/plugin",
    "server/src/clusters/web-ui",
  ],
  // A local Locust runs the plugin, so the local cluster uses the plugin's client.
  "server/src/clusters/local": [
    ...BASE,
    DOMAIN,
    "server/src/clusters/*",
    "server/src/clusters/plugin",
  ],

  "server/src/stores/*": [...BASE, DOMAIN, "server/src/stores/model"],
  "server/src/stores/model": [...BASE, DOMAIN],
  "server/src/stores/shared": ROOM,
  "server/src/stores/memory": [...ROOM, "server/src/stores/shared"],
  "server/src/stores/sqlite": [...ROOM, "server/src/stores/shared"],
  "server/src/stores/mongo": [...ROOM, "server/src/stores/shared"],
  "server/src/stores/copy": [...ROOM, "server/src/stores"],
  "server/src/stores/backup": [...ROOM, "server/src/stores"],

  "server/src/load-tests": [...ROOM, ...CLUSTERS],
  "server/src/stream": [...ROOM, "type server/src/metrics/query"],
  "server/src/http": [...ROOM, "server/src/access", "type server/src/runs/ownership"],
  "server/src/http/handlers": [
    ...ROOM,
    "server/src/access",
    "server/src/http",
    "server/src/load-tests",
    "server/src/runs/journal",
    "server/src/runs/commands",
    // For /readyz and /health.
    "type server/src/runs/ownership",
    "server/src/stream",
    ...CLUSTERS,
    FACADE,
  ],
  "server/src/reload": [
    ...ROOM,
    "server/src/config",
    "server/src/clusters/*",
    // A reload sends the new callback token to the plugins of this server's runs.
    "type server/src/runs/ownership",
  ],

  // app.ts wires everything, server.ts and main.ts start it.
  "server/src/app.ts": ["contract/src", "server/src"],
  "server/src/server.ts": ["contract/src", "server/src"],
  "server/src/main.ts": ["contract/src", "server/src"],
  "server/src/version.ts": ["server/package.json"],

  // One way: the root calls write, verify and swap; these use transform; read and state use no other room.
  "legacy-import/src/*": [
    "type contract/src",
    "server/src/config",
    "server/src/lib",
    "server/src/stores/mongo",
    "legacy-import/src/state",
    "legacy-import/src/read",
    "legacy-import/src/transform",
    "legacy-import/src/write",
    "legacy-import/src/verify",
    "legacy-import/src/swap",
  ],
  "legacy-import/src/state": ["server/src/lib", "server/src/stores/mongo"],
  "legacy-import/src/read": [],
  "legacy-import/src/transform": [
    ...BASE,
    // The mapping is a YAML file, with messages as those of the configuration.
    "server/src/config",
    CODEC,
    DOMAIN,
    "type server/src/stores/model",
    "server/src/stores/mongo/document.ts",
    "legacy-import/src/read",
    "legacy-import/src/state/plan.ts",
  ],
  "legacy-import/src/write": [
    ...BASE,
    DOMAIN,
    "server/src/stores/mongo",
    "legacy-import/src/read",
    "legacy-import/src/state",
    "legacy-import/src/transform",
  ],
  "legacy-import/src/verify": [
    ...BASE,
    CODEC,
    DOMAIN,
    "server/src/stores/mongo/document.ts",
    "legacy-import/src/read",
    "legacy-import/src/state",
    "legacy-import/src/transform",
  ],
  "legacy-import/src/swap": [
    "server/src/lib",
    "server/src/stores/mongo",
    "legacy-import/src/state",
  ],
  "cli/src": ["contract/src", "server/src", "legacy-import/src", "examples/shop"],

  bench: ["contract/src", "server/src"],
  e2e: ["contract/src", "examples/shop"],
  examples: [],
  tools: [],
  "vitest.config.ts": ["tools"],
};

/** Tests and their support code have no restrictions; only tests may import that support code. */
const TESTING = /\.test\.tsx?$|(^|\/)(testing|conformance)\//;
const TEST_TOOLS = ["bench", "e2e"];
const OUTSIDE = ["bench", "cli/src", "e2e", "examples", "tools", "vitest.config.ts"];

/** Patterns that only the files in `only` may contain. */
const USES = [
  {
    what: /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\bperformance\.now\(/,
    only: ["server/src/lib/clock.ts", "server/src/lib/ids.ts", ...OUTSIDE],
    why: "creates a time or an id; take a Clock or Ids as an argument",
  },
  {
    what: /\b(systemClock|uuidV7)\b/,
    only: [
      "server/src/lib/clock.ts",
      "server/src/lib/ids.ts",
      "server/src/server.ts",
      // The entry point of a worker thread, which cannot get a clock as an argument.
      "server/src/stores/sqlite/metrics-worker.ts",
      ...OUTSIDE,
    ],
    why: "imports the real clock or ids; only the start of a program may, other code gets them as arguments",
  },
  {
    what: /\bprocess\.env\b/,
    only: ["server/src/config/load-config.ts", ...OUTSIDE],
    why: "reads process.env; server/src/config/load-config.ts does",
  },
  {
    what: /\bruns\.update\(/,
    only: ["server/src/runs/journal", "server/src/stores", ...TEST_TOOLS],
    why: "changes a stored run; only server/src/runs/journal may, since it adds fence, retry and event",
  },
];

const IMPORT =
  /^\s*(?:import|export)\s+(type\s)?[^"'`;]*?\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["']([^"']+)["']/gm;

/** Resolves an import specifier to a path from the project's root; `undefined` for a package of npm or Node. */
const resolve = (file, specifier) => {
  if (specifier.startsWith("@load-manager/")) {
    const [, workspace, ...rest] = specifier.split("/");
    return `${workspace}/src/${rest.join("/")}`;
  }
  if (!specifier.startsWith(".")) return undefined;
  const path = [];
  for (const part of [...file.split("/").slice(0, -1), ...specifier.split("/")]) {
    if (part === "..") path.pop();
    else if (part !== ".") path.push(part);
  }
  return path.join("/");
};

const folderOf = (file) => file.split("/").slice(0, -1).join("/");

const fits = (pattern, file) =>
  pattern.endsWith("/*")
    ? folderOf(file) === pattern.slice(0, -2)
    : file === pattern || file.startsWith(`${pattern}/`);

const fitsAny = (patterns, file) => patterns.some((pattern) => fits(pattern, file));

const ruleOf = (file, table) =>
  Object.keys(table)
    .filter((pattern) => fits(pattern, file))
    .toSorted((a, b) => b.length - a.length)[0];

const importsOf = ({ file, text }) =>
  [...text.matchAll(IMPORT)].flatMap(([, type, from, dynamic]) => {
    const target = resolve(file, from ?? dynamic);
    return target === undefined ? [] : [{ target, isType: type !== undefined }];
  });

/** The project's files that a source imports, as paths from the project's root. */
export const importedFiles = (source) => importsOf(source).map(({ target }) => target);

const mayImport = (allowed, rule, { target, isType }) =>
  fits(rule, target) ||
  fitsAny(allowed, target) ||
  (isType &&
    fitsAny(
      allowed
        .filter((pattern) => pattern.startsWith("type "))
        .map((pattern) => pattern.slice("type ".length)),
      target,
    ));

const forbiddenImports = (source, rule, allowed) => {
  const { file } = source;
  const imports = importsOf(source);
  const may = allowed.join(", ") || "itself alone";
  return [
    ...imports
      .filter((one) => !mayImport(allowed, rule, one))
      .map(({ target }) => `${file} must not import ${target} (${rule} may import: ${may})`),
    ...imports
      .filter(({ target }) => TESTING.test(target) && !fitsAny(TEST_TOOLS, file))
      .map(({ target }) => `${file} must not import ${target}: it is for tests only`),
  ];
};

const forbiddenUses = ({ file, text }) =>
  USES.filter(({ what, only }) => what.test(text) && !fitsAny(only, file)).map(
    ({ why }) => `${file} ${why}`,
  );

/** → one message for each folder without a rule, and for each forbidden import or use. */
export const brokenRules = (sources, table = MAY_IMPORT) => {
  const product = sources.filter(({ file }) => /\.tsx?$/.test(file) && !TESTING.test(file));
  const without = product.filter(({ file }) => ruleOf(file, table) === undefined);
  const folders = new Set(without.map(({ file }) => folderOf(file) || file));
  return [
    ...[...folders].map(
      (folder) =>
        `${folder} has no rule: add its allowed imports to MAY_IMPORT in tools/imports.mjs`,
    ),
    ...product.flatMap((source) => {
      const rule = ruleOf(source.file, table);
      const imports = rule === undefined ? [] : forbiddenImports(source, rule, table[rule]);
      return [...imports, ...forbiddenUses(source)];
    }),
  ];
};
