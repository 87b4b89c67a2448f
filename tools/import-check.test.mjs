import { describe, expect, test } from "vitest";
import { brokenRules, roomCycles, unusedRules } from "./import-check.mjs";
import { MAY_IMPORT } from "./imports.mjs";
import { PYTHON_MODULES } from "./plugin-imports.mjs";
import { USES } from "./uses.mjs";

const broken = (file, text, mayImport = MAY_IMPORT) =>
  brokenRules([{ file, text }], { mayImport, uses: USES, pythonModules: PYTHON_MODULES });

describe("the imports of a folder", () => {
  const importing = (file, specifier, how = "import { x } from") =>
    broken(file, `${how} "${specifier}";`);

  test("are its own files and those that its rule allows; the failure names the rule", () => {
    expect(importing("server/src/runs/domain/decide.ts", "./health.ts")).toEqual([]);
    expect(importing("server/src/runs/domain/decide.ts", "@load-manager/contract/run.ts")).toEqual(
      [],
    );
    expect(importing("server/src/runs/domain/decide.ts", "../../lib/clock.ts")).toEqual([
      "server/src/runs/domain/decide.ts must not import server/src/lib/clock.ts (server/src/runs/domain may import: contract/src)",
    ]);
    expect(importing("server/src/runs/commands/stop.ts", "../controller/loop.ts")).toHaveLength(1);
    expect(importing("server/src/runs/controller/loop.ts", "../commands/stop.ts")).toEqual([]);
    expect(importing("server/src/metrics/query/a.ts", "../codec/rollup.ts")).toEqual([]);
    expect(importing("server/src/metrics/rollups/a.ts", "../query/window.ts")).toHaveLength(1);
    expect(importing("server/src/stream/a.ts", "../stores/sqlite/stores.ts")).toHaveLength(1);
    expect(importing("server/src/app.ts", "./stores/sqlite/stores.ts")).toEqual([]);
  });

  test("include workspace names, re-exports, type imports and dynamic imports", () => {
    const contract = "contract/src/model/run.ts";
    const app = "@load-manager/server/app.ts";
    expect(importing(contract, app)).toHaveLength(1);
    expect(importing(contract, app, "export * from")).toHaveLength(1);
    expect(importing(contract, app, "import type { x } from")).toHaveLength(1);
    expect(importing(contract, app, "import {\n  x,\n  type Y,\n} from")).toHaveLength(1);
    expect(importing(contract, app, "import")).toHaveLength(1);
    expect(broken(contract, `const x = await import("${app}");`)).toHaveLength(1);
    for (const text of [
      `import { x /* "y" */ } from "${app}";`,
      `import {\n  x, // the "x"; and 'y'\n} from "${app}";`,
      `import { x } from /* "y" */ "${app}";`,
      `/* y */ import { x } from "${app}";`,
      `const y = 1; export { x } from "${app}";`,
      `import /* "y" */ "${app}";`,
      `await import(/* "y" */ "${app}");`,
    ])
      expect(broken(contract, text)).toEqual([
        expect.stringContaining("must not import server/src/app.ts"),
      ]);
    expect(importing(contract, "zod")).toEqual([]);
    expect(importing("server/src/lib/a.ts", "@load-manager/contract/run.ts")).toEqual([]);
  });

  test("may be limited to types", () => {
    const reload = "server/src/reload/reload.ts";
    const leases = "../runs/ownership/leases.ts";
    const loop = "../runs/controller/loop.ts";
    expect(importing(reload, leases, "import type { Lease } from")).toEqual([]);
    expect(importing(reload, leases, "import { take } from")).toHaveLength(1);
    expect(importing(reload, loop, "import type { Loop } from")).toHaveLength(1);
  });

  test("follow the longest matching rule; the files of a folder do not include its subfolders", () => {
    const table = { "a/*": ["b/x"], "a/in": [], "b/x": [], "b/x/one.ts": ["a/in"] };
    expect(broken("a/f.ts", 'import "../b/x/y.ts";', table)).toEqual([]);
    expect(broken("a/in/f.ts", 'import "../../b/x/y.ts";', table)).toHaveLength(1);
    expect(broken("b/x/one.ts", 'import "../../a/in/f.ts";', table)).toEqual([]);
    expect(broken("b/x/two.ts", 'import "../../a/in/f.ts";', table)).toHaveLength(1);
  });

  test("of packages and Node's modules are only those that are listed", () => {
    const domain = "server/src/runs/domain/decide.ts";
    expect(importing("server/src/http/bind.ts", "mongodb")).toHaveLength(1);
    expect(importing("server/src/stores/mongo/blobs.ts", "mongodb")).toEqual([]);
    expect(importing("server/src/runs/controller/loop.ts", "pino")).toHaveLength(1);
    expect(importing("server/src/main.ts", "pino")).toEqual([]);
    expect(importing(domain, "node:fs")).toEqual([
      `${domain} must not import node:fs (server/src/runs/domain may import: contract/src)`,
    ]);
    expect(importing(domain, "fs")).toHaveLength(1);
    expect(importing("server/src/stream/feed.ts", "node:timers/promises")).toEqual([]);
    expect(importing("server/src/stream/feed.ts", "node:http")).toHaveLength(1);
    expect(importing("server/src/stream/feed.ts", "node:http", "import type { x } from")).toEqual(
      [],
    );
    expect(importing("e2e/harness.ts", "node:vm")).toEqual([]);
  });

  test("with a computed name are only where they are listed", () => {
    const app = "server/src/http/app.ts";
    for (const name of ["name", "`./${name}.ts`", '"./" + name', "\n  name,\n"])
      expect(broken(app, `const x = await import(${name});`)).toEqual([
        expect.stringContaining("must not import import()"),
      ]);
    expect(broken(app, 'await import("./bind.ts"); await import(\n  "./bind.ts",\n);')).toEqual([]);
    expect(broken(app, 'await import(/* "./bind.ts" */ name);')).toHaveLength(1);
    expect(broken("bench/lib/whole-server.ts", "await import(name);")).toEqual([]);
  });

  test("a folder without a rule is reported once", () => {
    const files = ["server/src/news/a.ts", "server/src/news/b.ts", "server/src/clusters/k8s/a.ts"];
    expect(brokenRules(files.map((file) => ({ file, text: "" })))).toEqual([
      expect.stringMatching(/^server\/src\/news has no rule/),
      expect.stringMatching(/^server\/src\/clusters\/k8s has no rule/),
    ]);
    expect(broken("server/src/new.ts", "")).toHaveLength(1);
    expect(broken("mobile/src/page.tsx", "")).toHaveLength(1);
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

describe("the imports of the plugin", () => {
  const plugin = "locust-plugin/load_manager_locust";
  const files = [
    "__init__.py",
    "shared/__init__.py",
    "shared/wire.py",
    "master/__init__.py",
    "master/run.py",
    "delivery/outbox.py",
  ];
  const importing = (file, text) =>
    brokenRules([
      ...files.map((one) => ({ file: `${plugin}/${one}`, text: "" })),
      { file: `${plugin}/${file}`, text },
    ]);
  test("go from its rooms to shared, and from the master to delivery", () => {
    expect(importing("worker/a.py", "from ..shared import wire\nimport os, gevent")).toEqual([]);
    expect(importing("worker/a.py", "from ..shared.wire import (\n    A, B,\n)")).toEqual([]);
    expect(importing("master/a.py", "from ..delivery.outbox import Outbox")).toEqual([]);
    for (const text of [
      "from ..master import run",
      "from ..master.run import Run",
      "    from ..master.run import (\n        Run,\n    )",
      "from .. import master",
      "from ..delivery.outbox import Outbox",
      "import requests",
      "from load_manager_locust.master import run",
      "from load_manager_locust import master",
      "import load_manager_locust.master.run as run",
      "import os, load_manager_locust.master",
      "import os; from ..master import run",
      "if True: from ..master import run",
      "from..master import run",
      '"#"; from ..master import run',
    ])
      expect(importing("worker/a.py", text)).toHaveLength(1);
    expect(importing("worker/a.py", "from ..delivery.outbox import Outbox")).toEqual([
      expect.stringContaining(`worker/a.py must not import ${plugin}/delivery/outbox.py`),
    ]);
  });
  test("of other packages are refused unless they are listed, and so is each module of Python", () => {
    for (const [text, what] of [
      ["import numpy", "pip:numpy"],
      ["from numpy.linalg import norm", "pip:numpy"],
      ["import os, numpy as np", "pip:numpy"],
      ["import importlib", "pip:importlib"],
      ['numpy = __import__("numpy")', "import()"],
    ])
      expect(importing("worker/a.py", text)).toEqual([
        expect.stringContaining(`worker/a.py must not import ${what}`),
      ]);
    expect(importing("worker/a.py", "import os.path, json as j\nfrom zlib import crc32")).toEqual(
      [],
    );
    const texts = '"""\nimport numpy\n"""\nx = "a: import numpy"  # b; import numpy';
    expect(importing("worker/a.py", texts)).toEqual([]);
  });
  test("of a package's own modules are found by its name, too", () => {
    expect(importing("worker/a.py", "from load_manager_locust.shared import wire")).toEqual([]);
    expect(importing("worker/a.py", "import load_manager_locust.shared.wire")).toEqual([]);
  });
  test("of Locust are in two files of shared", () => {
    expect(importing("shared/compat.py", "from locust import runners")).toEqual([]);
    expect(importing("shared/wire.py", "from locust import runners")).toHaveLength(1);
    expect(importing("shared/wire.py", "import locust.runners as runners")).toHaveLength(1);
  });
});

describe("lines of the tables", () => {
  const sources = [
    { file: "a/f.ts", text: 'import { x } from "../b/x/y.ts"; Date.now();' },
    {
      file: "b/x/y.ts",
      text: 'import { type Z } from "zod";\nimport type { F } from "../../a/f.ts";',
    },
  ];
  const unused = (mayImport, only = []) =>
    unusedRules(sources, {
      mayImport,
      uses: [{ what: /Date\.now/, only, why: "no" }],
      pythonModules: [],
    });
  test("that some import needs are right", () => {
    expect(unused({ a: ["b/x"], "b/x": ["npm:zod", "type a"] }, ["a/f.ts"])).toEqual([]);
  });
  test("that nothing needs are reported: no import, another line allows it too, no file", () => {
    expect(unused({ a: ["b/x", "npm:zod"], "b/x": ["npm:zod", "type a", "a"] })).toEqual([
      "a may import npm:zod, and need not",
      "b/x may import type a, and need not",
      "b/x may import a, and need not",
    ]);
    expect(unused({ a: ["b/x", "b"], b: ["npm:zod", "a"], c: [] }, ["a", "b"])).toEqual([
      "tools/imports.mjs has a rule for c, which has no file",
      "a may import b/x, and need not",
      "a may import b, and need not",
      'b is listed, and need not: "no"',
    ]);
    const python = { file: "locust-plugin/load_manager_locust/a.py", text: "import os" };
    const tables = { mayImport: {}, uses: [], pythonModules: ["os", "json"] };
    expect(unusedRules([python], tables)).toEqual([
      "tools/plugin-imports.mjs lists Python's module json, which the plugin does not import",
    ]);
  });
});

describe("cycles of rooms", () => {
  const sources = [
    { file: "a/f.ts", text: 'import { x } from "../b/x.ts";' },
    { file: "b/x.ts", text: 'import { y } from "./c/y.ts";' },
    { file: "b/c/y.ts", text: 'import type { Z } from "../../a/z.ts";' },
    { file: "a/z.ts", text: "" },
  ];
  const cycles = (mayBeInACycle, mayImport = {}) =>
    roomCycles(sources, { mayImport, mayBeInACycle });
  test("are found over several folders, and through imports of types", () => {
    expect(cycles([])).toEqual(["rooms import each other: a → b → b/c → a"]);
  });
  test("a file with a rule of its own is a room", () => {
    expect(cycles([], { "a/f.ts": ["b"] })).toEqual([]);
  });
  test("may be listed, as long as they are there", () => {
    expect(cycles(["b/c → a"])).toEqual([]);
    expect(cycles(["b/c → a"], { "a/f.ts": ["b"] })).toEqual([
      "b/c → a is in no cycle: remove it from MAY_BE_IN_A_CYCLE",
    ]);
    expect(cycles(["b → a"])).toHaveLength(2);
  });
});

describe("uses that only a few files may have", () => {
  const [inside, clock] = ["server/src/http/bind.ts", "server/src/lib/clock.ts"];
  test("create a time or an id", () => {
    for (const text of [
      "Date.now()",
      "Date.now",
      'Date["now"]()',
      "{ now } = Date",
      "new Date()",
      "new Date",
      "Date()",
      "performance.now()",
      "performance.now",
      "performance.timeOrigin",
      "process.hrtime.bigint()",
      "process.uptime()",
      "Temporal.Now.instant()",
      "Math.random()",
      "[1, 2].map(Math.random)",
      'Math["random"]()',
      "randomUUID()",
      "{ next: randomUUID }",
      "crypto.randomUUID()",
      "randomBytes(16)",
      "randomInt(9)",
      "crypto.getRandomValues(bytes)",
    ]) {
      expect(broken(inside, `const now = ${text};`)).toEqual([
        `${inside} creates a time or an id; take a Clock or Ids as an argument`,
      ]);
      expect(broken(clock, `const now = ${text};`)).toEqual([]);
      expect(broken("cli/src/store.ts", `const now = ${text};`)).toEqual([]);
    }
    for (const text of ["new Date(ms)", "Date.parse(text)", "x instanceof Date", "Math.round(1)"])
      expect(broken(inside, `const then = ${text};`)).toEqual([]);
  });
  test("import the real clock", () => {
    const taking = (from) => `import { systemClock } from "${from}";`;
    expect(broken(inside, taking("../lib/clock.ts"))).toHaveLength(1);
    expect(broken("server/src/app.ts", taking("./lib/clock.ts"))).toHaveLength(1);
    expect(broken("server/src/server.ts", taking("./lib/clock.ts"))).toEqual([]);
    expect(broken("cli/src/a.ts", taking("@load-manager/server/lib/clock.ts"))).toEqual([]);
  });
  test("have a timer", () => {
    expect(broken(inside, "setInterval(work, 1000)")).toHaveLength(1);
    expect(broken(inside, "new Promise((done) => setTimeout(done, 1))")).toHaveLength(1);
    expect(broken("server/src/lib/periodic.ts", "setTimeout(done, 1)")).toEqual([]);
    expect(broken(inside, "fetch(url, { signal: AbortSignal.timeout(1000) })")).toHaveLength(1);
    expect(broken("server/src/clusters/locust-http.ts", "AbortSignal.timeout(1)")).toEqual([]);
    expect(broken(inside, "await scheduler.wait(1000)")).toHaveLength(1);
  });
  test("import without an import statement", () => {
    expect(broken(inside, 'process.getBuiltinModule("fs")')).toHaveLength(1);
    expect(broken(inside, 'const fs = require("fs");')).toHaveLength(1);
    expect(broken("bench/a.ts", 'const fs = require("fs");')).toHaveLength(1);
    expect(broken(inside, "const text = required(field);")).toEqual([]);
  });
  test("read the environment", () => {
    for (const text of [
      'process.env["HOME"]',
      'process["env"].HOME',
      "process?.env",
      "const { env } = process;",
      'import { env } from "node:process";',
    ])
      expect(broken(inside, text)).toHaveLength(1);
    expect(broken("server/src/config/check.ts", 'process.env["HOME"]')).toHaveLength(1);
    expect(broken("server/src/config/load-config.ts", 'process.env["HOME"]')).toEqual([]);
  });
  test("change a stored run", () => {
    expect(broken("server/src/runs/commands/a.ts", "await deps.stores.runs.update(id)")).toEqual([
      expect.stringContaining("only server/src/runs/journal may"),
    ]);
    expect(broken("bench/a.ts", "await stores.runs.update(id)")).toHaveLength(1);
    expect(broken("server/src/runs/journal/run-writer.ts", "await runs.update(id)")).toEqual([]);
  });
});
