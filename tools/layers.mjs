// Who may import whom, as data. A path matches a rule by its beginning; the first rule that matches holds.
const RULES = [
  { from: "contract/src/", may: ["contract/src/"] },
  { from: "server/src/lib/", may: ["server/src/lib/", "contract/src/"] },
  {
    from: "server/src/runs/domain/",
    may: ["contract/src/", "server/src/clusters/port.ts", "server/src/runs/domain/"],
  },
  {
    from: "server/src/stores/",
    may: ["server/src/stores/", "server/src/lib/", "server/src/runs/", "contract/src/"],
  },
  {
    from: "server/src/metrics/",
    may: [
      "server/src/metrics/",
      "server/src/stores/",
      "server/src/lib/",
      "server/src/runs/",
      "contract/src/",
    ],
  },
  { from: "server/src/access/", may: ["server/src/access/", "server/src/lib/", "contract/src/"] },
  {
    from: "server/src/clusters/",
    may: ["server/src/clusters/", "server/src/lib/", "contract/src/"],
  },
  {
    from: "server/src/runs/",
    may: [
      "server/src/runs/",
      "server/src/clusters/",
      "server/src/stores/",
      "server/src/lib/",
      "contract/src/",
    ],
  },
  {
    from: "server/src/load-tests/",
    may: [
      "server/src/load-tests/",
      "server/src/clusters/",
      "server/src/runs/",
      "server/src/stores/",
      "server/src/lib/",
      "contract/src/",
    ],
  },
  { from: "server/src/", may: ["server/", "contract/src/"] },
  { from: "legacy-import/", may: ["legacy-import/", "server/src/", "contract/src/"] },
  {
    from: "cli/",
    may: ["cli/", "server/src/", "contract/src/", "legacy-import/src/", "examples/"],
  },
];

/** Times and ids are arguments; only these make them. */
const MAKERS = [
  "server/src/lib/",
  "cli/",
  "tools/",
  "e2e/",
  "bench/",
  "examples/",
  "locust-plugin/",
];
const MADE = /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\brandomUUID\(|\bperformance\.now\(/;
/** Settings come from one place. */
const READERS = [
  "server/src/config/load-config.ts",
  "cli/",
  "tools/",
  "e2e/",
  "bench/",
  "examples/",
];

const IMPORT = /(?:from|import)\s*\(?\s*["']([^"']+)["']/g;

const resolve = (file, specifier) => {
  if (specifier.startsWith("@load-manager/")) {
    const [, workspace, ...rest] = specifier.split("/");
    return `${workspace}/src/${rest.join("/")}`;
  }
  if (!specifier.startsWith(".")) return undefined;
  const parts = [...file.split("/").slice(0, -1), ...specifier.split("/")];
  const path = [];
  for (const part of parts) {
    if (part === "..") path.pop();
    else if (part !== ".") path.push(part);
  }
  return path.join("/");
};

const startsWithAny = (path, beginnings) =>
  beginnings.some((beginning) => path.startsWith(beginning));

/** → one line for each import or use that a rule forbids. Tests may use what they like. */
export const brokenLayers = (files) =>
  files
    .filter(
      ({ file }) =>
        /\.(ts|tsx)$/.test(file) && !/\.test\.tsx?$|\/(testing|conformance)\/|^vitest/.test(file),
    )
    .flatMap(({ file, text }) => {
      const rule = RULES.find(({ from }) => file.startsWith(from));
      const imports = [...text.matchAll(IMPORT)].map(([, specifier]) => resolve(file, specifier));
      const broken = imports
        .filter(
          (target) =>
            target !== undefined && rule !== undefined && !startsWithAny(target, rule.may),
        )
        .map((target) => `${file} must not import ${target}`);
      if (MADE.test(text) && !startsWithAny(file, MAKERS))
        broken.push(`${file} makes a time or an id; take it as an argument`);
      if (/\bprocess\.env\b/.test(text) && !startsWithAny(file, READERS))
        broken.push(`${file} reads process.env; server/src/config/load-config.ts does`);
      return broken;
    });
