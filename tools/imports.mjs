// What each folder may import. Whatever is not listed is forbidden, and a line that nothing needs is an error.
// tools/import-check.mjs holds the code to it.

import { LEGACY_MAY_IMPORT } from "./legacy-imports.mjs";
import { PLUGIN_MAY_IMPORT } from "./plugin-imports.mjs";
import { WEB_MAY_IMPORT } from "./web-imports.mjs";

const BASE = ["contract/src", "server/src/lib"];
const DOMAIN = "server/src/runs/domain";
/** The part of stores/ that other folders may import: ports and descriptions of entities, but no adapter. */
const MODEL = "server/src/stores/model";
const CLUSTERS = ["server/src/clusters/port.ts", "server/src/clusters/select-cluster.ts"];
const FACADE = "server/src/metrics/run-metrics.ts";
const CODEC = "server/src/metrics/codec";
// Folder or file → its allowed imports. A folder may always import its own files. `a/b` is a folder with all below it, `a/b/*` the
// files of the folder itself, `a/b.ts` a file; `npm:x` and `pip:x` are packages (for Python: whatever is neither the plugin's nor in
// PYTHON_MODULES), `node:x` a module of Node, `node:*` all of them, `import()` one whose argument is computed; `type a/b` allows `import
// type` alone. The longest matching rule applies; a file without a matching rule is an error.
export const MAY_IMPORT = {
  "contract/src/criteria": [],
  "contract/src/model": ["npm:zod"],
  "contract/src/plugin": ["contract/src/model", "npm:zod"],
  "contract/src/api": [
    "contract/src/criteria",
    "contract/src/model",
    "contract/src/plugin",
    "npm:eventsource-parser",
    "npm:zod",
  ],

  "server/src/lib": [
    "contract/src",
    "npm:zod",
    "node:crypto",
    "node:fs",
    "node:os",
    "node:path",
    "node:timers",
    "node:util",
  ],
  "server/src/lib/ids.ts": ["npm:uuid"],
  "server/src/lib/zip.ts": ["npm:yazl", "node:stream"],
  "server/src/config": [
    ...BASE,
    // It checks that no two clusters answer the same load tests.
    "server/src/clusters/select-cluster.ts",
    // Which addresses of proxies Fastify takes.
    "npm:@fastify/proxy-addr",
    "npm:yaml",
    "npm:zod",
    "node:fs",
    "node:path",
  ],
  "server/src/auth": [...BASE, "server/src/stores/model", "node:crypto"],

  "server/src/runs/domain": ["contract/src"],
  "server/src/runs/journal": [...BASE, DOMAIN, MODEL],
  "server/src/runs/ownership": [
    ...BASE,
    DOMAIN,
    MODEL,
    "server/src/runs/journal",
    "server/src/clusters/port.ts",
  ],
  "server/src/runs/commands": [
    ...BASE,
    DOMAIN,
    MODEL,
    "server/src/runs/journal",
    ...CLUSTERS,
    "server/src/clusters/run-settings.ts",
    FACADE,
    "type npm:zod",
  ],
  "server/src/runs/controller": [
    ...BASE,
    DOMAIN,
    MODEL,
    "server/src/runs/journal",
    "server/src/runs/ownership",
    "server/src/runs/commands",
    "server/src/clusters/port.ts",
    FACADE,
  ],

  "server/src/runs/report": ["contract/src", "npm:fast-xml-builder"],

  "server/src/runs/services.ts": [
    "server/src/lib",
    "server/src/runs/journal",
    "server/src/runs/ownership",
    "server/src/clusters/port.ts",
    "type server/src/stores/model",
    "type server/src/stores/ports.ts",
    FACADE,
  ],

  "server/src/metrics/codec": [...BASE, "npm:zod", "node:crypto", "node:zlib"],
  "server/src/metrics/live": [...BASE, DOMAIN, MODEL, CODEC],
  "server/src/metrics/ingest": [...BASE, MODEL, CODEC, "server/src/metrics/live", "node:crypto"],
  "server/src/metrics/rollups": ["server/src/lib", MODEL, CODEC, "node:worker_threads"],
  "server/src/metrics/query": [
    ...BASE,
    // The newest seconds of a run that has not ended may still change.
    "server/src/runs/domain/states.ts",
    "server/src/runs/domain/criteria",
    "type server/src/runs/domain/observation.ts",
    MODEL,
    CODEC,
    "server/src/metrics/live",
    "type npm:zod",
  ],
  "server/src/metrics/run-metrics.ts": [
    ...BASE,
    DOMAIN,
    "type server/src/stores/ports.ts",
    "server/src/metrics/ingest",
    "server/src/metrics/live",
    "server/src/metrics/query",
    "server/src/metrics/rollups",
  ],

  "server/src/clusters/*": [...BASE, DOMAIN, "node:util"],
  "server/src/clusters/plugin": [...BASE, DOMAIN, "server/src/clusters/*", "npm:zod"],
  "server/src/clusters/web-ui": [...BASE, DOMAIN, "server/src/clusters/*", "npm:zod"],
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
    "npm:zod",
    "node:child_process",
    "node:fs",
    "node:os",
    "node:path",
    "node:timers",
    "node:url",
    "node:util",
  ],

  "server/src/stores/*": ["contract/src", MODEL],
  "server/src/stores/model": [...BASE, DOMAIN],
  "server/src/stores/shared": ["server/src/lib", "server/src/stores/*", MODEL],
  "server/src/stores/memory": [...BASE, "server/src/stores/*", MODEL, "server/src/stores/shared"],
  "server/src/stores/sqlite": [
    ...BASE,
    "server/src/stores/*",
    MODEL,
    "server/src/stores/shared",
    "npm:better-sqlite3",
    "node:fs",
    "node:path",
    "node:worker_threads",
  ],
  "server/src/stores/mongo": [
    ...BASE,
    "server/src/stores/*",
    MODEL,
    "server/src/stores/shared",
    "npm:mongodb",
    "node:timers",
  ],
  "server/src/stores/copy": [
    ...BASE,
    "server/src/stores/*",
    MODEL,
    "server/src/stores/shared",
    "server/src/stores/mongo",
    "server/src/stores/sqlite",
    "node:crypto",
    "node:fs",
    "node:path",
  ],
  "server/src/stores/backup": [
    "server/src/lib",
    "server/src/stores/shared",
    "server/src/stores/sqlite",
    "npm:better-sqlite3",
    "npm:zod",
    "node:crypto",
    "node:fs",
    "node:path",
  ],

  "server/src/load-tests": [
    ...BASE,
    DOMAIN,
    "type server/src/stores/ports.ts",
    "type server/src/runs/journal",
    "type server/src/metrics/query",
    "type server/src/clusters/port.ts",
    "server/src/clusters/run-settings.ts",
    "server/src/clusters/select-cluster.ts",
    "npm:yauzl",
    "npm:zod",
    "node:child_process",
    "node:util",
    "node:zlib",
  ],
  "server/src/stream": [
    ...BASE,
    MODEL,
    "server/src/clusters/select-cluster.ts",
    "type server/src/clusters/cluster-state.ts",
    "type server/src/metrics/query",
    "npm:zod",
    "type node:http",
    "node:timers",
  ],
  "server/src/http": [
    ...BASE,
    MODEL,
    "server/src/auth",
    "type server/src/runs/ownership",
    "npm:fastify",
    "npm:@fastify/cookie",
    "npm:@fastify/helmet",
    "npm:@fastify/rate-limit",
    "npm:@fastify/static",
    "type npm:pino",
    "npm:zod",
    "node:crypto",
    "node:fs",
    "node:http",
    "type node:net",
    "node:path",
    "node:stream",
    "node:zlib",
  ],
  "server/src/http/handlers": [
    ...BASE,
    DOMAIN,
    MODEL,
    "type server/src/stores/ports.ts",
    "server/src/auth",
    "server/src/http",
    "server/src/load-tests",
    "server/src/runs/commands",
    "server/src/runs/report",
    // For /readyz and /health.
    "type server/src/runs/ownership",
    "server/src/stream",
    ...CLUSTERS,
    "server/src/clusters/cluster-state.ts",
    "type server/src/clusters/cluster-watch.ts",
    FACADE,
  ],
  "server/src/telemetry": [
    ...BASE,
    DOMAIN,
    MODEL,
    "type server/src/stores/ports.ts",
    "type server/src/clusters/cluster-state.ts",
    // The path of the plugin's batches, which is not in the contract's table of routes.
    "server/src/http/app.ts",
    "type server/src/runs/ownership",
    "type server/src/metrics/run-metrics.ts",
    "type npm:fastify",
    "npm:prom-client",
    "node:fs",
  ],
  "server/src/reload": [
    ...BASE,
    DOMAIN,
    MODEL,
    "server/src/config",
    "server/src/clusters/*",
    // A reload sends the new callback token to the plugins of this server's runs.
    "type server/src/runs/ownership",
    "node:util",
  ],

  // app.ts wires everything, server.ts and main.ts start it.
  "server/src/app.ts": [
    "contract/src",
    "server/src",
    "type npm:fastify",
    "type npm:pino",
    "type npm:prom-client",
    "node:path",
  ],
  "server/src/housekeeping.ts": [
    "server/src/lib",
    "type server/src/auth",
    "type server/src/config",
    "server/src/clusters/local",
    "server/src/http/idempotency.ts",
    "server/src/load-tests",
    "server/src/metrics/rollups",
    "type server/src/stores/ports.ts",
  ],
  "server/src/server.ts": [
    "server/src/app.ts",
    "server/src/config",
    "server/src/lib",
    "server/src/stores",
    "server/src/version.ts",
    "server/src/http/page.ts",
    "type server/src/http/handlers/demo.ts",
    "type npm:pino",
    "node:fs",
    "node:url",
  ],
  "server/src/main.ts": [
    "contract/src",
    "server/src/server.ts",
    "server/src/config",
    "server/src/lib",
    "npm:pino",
    "node:fs",
    "node:timers",
  ],
  "server/src/version.ts": ["server/package.json"],

  ...WEB_MAY_IMPORT,
  // One way: the root calls write, verify and swap; these use transform; read and state use no other room.
  ...LEGACY_MAY_IMPORT,

  "cli/src": [
    "contract/src",
    "server/src/*",
    "server/src/runs/domain/states.ts",
    "server/src/clusters/check-reachability.ts",
    "server/src/config",
    "server/src/lib",
    CODEC,
    "server/src/stores/backup",
    "server/src/stores/copy",
    "legacy-import/src",
    "examples/shop",
    "npm:commander",
    "npm:diff",
    "npm:ignore",
    "npm:pino",
    "npm:zod",
    "node:*",
  ],

  bench: [
    // The code of another checkout, to compare with.
    "import()",
    "contract/src",
    "examples/shop",
    "server/src/app.ts",
    "server/src/config",
    "server/src/lib",
    CODEC,
    "server/src/metrics/live",
    "server/src/metrics/query",
    "server/src/metrics/rollups",
    "server/src/metrics/testing",
    "server/src/stores/memory",
    MODEL,
    "server/src/stores/sqlite",
    "npm:better-sqlite3",
    "npm:pino",
    "npm:playwright-core",
    "node:*",
  ],
  e2e: [
    "contract/src",
    "server/src/lib/zip.ts",
    "examples/shop",
    "npm:better-sqlite3",
    "npm:mongodb",
    "npm:playwright-core",
    "npm:vitest",
    "node:*",
  ],
  examples: ["node:*"],
  "vitest.config.ts": ["npm:vitest", "node:fs", "node:path"],

  ...PLUGIN_MAY_IMPORT,
};

/** `FROM → TO`: imports between two folders that import each other. Each is an error once it is in no cycle any more. */
export const MAY_BE_IN_A_CYCLE = [];

/** Tests and their support code have no restrictions; only tests may import that support code. */
export const TESTING = /\.test\.tsx?$|(^|\/)(testing|conformance)\//;
export const TEST_TOOLS = ["bench", "e2e"];
