// The uses that only a few files may have: time, random ids, timers, the environment, writes of runs. A file that is listed
// and has no such use is an error. tools/import-check.mjs holds the code to it.

/** The folders that may have all of them, unless a use has `everywhere`. */
export const OUTSIDE = ["bench", "cli/src", "e2e", "examples", "tools", "vitest.config.ts", "web"];

/** Matches `object.name`, `object["name"]`, and an object as a whole on the right of `=`, from which a name can be taken. */
const member = (object, names) =>
  `\\b${object}\\s*(?:\\?\\.|\\.|(?:\\?\\.)?\\[\\s*["'\`])\\s*(?:${names})\\b|=\\s*${object}\\s*[;,)\\n]`;

const TIME = [
  member("Date", "now"),
  // `new Date(ms)` is allowed.
  String.raw`\bnew Date\b(?!\s*\(\s*[^)\s])|(?<!new )\bDate\(`,
  member("performance", "now|timeOrigin"),
  String.raw`\bhrtime\b|\bprocess\s*\.\s*uptime\b|\bTemporal\s*\.\s*Now\b`,
];
const RANDOM = [
  member("Math", "random"),
  String.raw`\b(?:randomUUID|randomBytes|randomInt|randomFill|randomFillSync|getRandomValues)\b`,
];

/** Patterns that only the files in `only` may contain. */
export const USES = [
  {
    what: new RegExp([...TIME, ...RANDOM].join("|")),
    only: ["server/src/lib/clock.ts", "server/src/lib/secrets.ts"],
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
    ],
    why: "imports the real clock or ids; only the start of a program may, other code gets them as arguments",
  },
  {
    what: /\bset(?:Interval|Timeout|Immediate)\b|\bAbortSignal\s*\.\s*timeout\b|\bscheduler\s*\.\s*wait\b/,
    only: [
      "server/src/lib/periodic.ts",
      "contract/src/api/stream.ts",
      "server/src/lib/failpoints.ts",
      "server/src/lib/signals.ts",
      "server/src/main.ts",
      "server/src/clusters/local",
      // The time limit of a request.
      "server/src/clusters/locust-http.ts",
      "server/src/stores/mongo/stores.ts",
      "server/src/stores/sqlite/metrics-worker.ts",
      "server/src/stream",
    ],
    why: "has a timer of its own; server/src/lib/periodic.ts repeats work",
  },
  {
    what: new RegExp(member("process", "env")),
    only: ["server/src/config/load-config.ts"],
    why: "reads process.env; server/src/config/load-config.ts does",
  },
  {
    what: /\bgetBuiltinModule\b|\bcreateRequire\b|\brequire\s*\(/,
    only: [],
    everywhere: true,
    why: "imports without an import statement, so that nothing can check it",
  },
  {
    what: new RegExp(member("runs", "update")),
    only: ["server/src/runs/journal"],
    everywhere: true,
    why: "changes a stored run; only server/src/runs/journal may, since it adds fence, retry and event",
  },
  {
    what: /\bRunStore\b/,
    only: ["server/src/runs/journal", "server/src/stores"],
    why: "names RunStore, which can change stored runs; take a RunReader, or write through runs/journal",
  },
];
