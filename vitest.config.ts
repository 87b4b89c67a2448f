import { existsSync } from "node:fs";
import { relative } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Seconds of the files that take long, on 2 cores. What begins last should not have all others wait for its end. */
const LONG_FILES: Readonly<Record<string, number>> = {
  "e2e/evidence.test.ts": 300,
  "e2e/attached.test.ts": 265,
  "e2e/adoption.test.ts": 240,
  "e2e/script-ends.test.ts": 230,
  "e2e/local-runs.test.ts": 215,
  "e2e/recipes.test.ts": 190,
  "e2e/truth/truth.test.ts": 190,
  "e2e/faults/two-servers.test.ts": 175,
  "e2e/auto-stop.test.ts": 165,
  "e2e/faults/server-killed.test.ts": 150,
  "e2e/signals.test.ts": 150,
  "e2e/older-plugins.test.ts": 140,
  "e2e/page/run-page.test.ts": 100,
  "e2e/page/load-test.test.ts": 95,
  "e2e/run-settings.test.ts": 125,
  "e2e/load-profiles.test.ts": 110,
  "e2e/packages.test.ts": 100,
  "e2e/polled-load.test.ts": 90,
  "e2e/script-check.test.ts": 75,
  "e2e/scripts-of-locust.test.ts": 75,
  "e2e/cli-run.test.ts": 75,
  "e2e/cli-gate.test.ts": 85,
  "e2e/script-options.test.ts": 60,
  "e2e/several-files.test.ts": 60,
  "e2e/escalation.test.ts": 70,
  "e2e/page/lost-connection.test.ts": 65,
  "e2e/page/first-run.test.ts": 65,
  "e2e/page/verdict.test.ts": 70,
  "e2e/odd-values.test.ts": 65,
  "e2e/faults/store-away.test.ts": 55,
  "server/src/stores/conformance/conformance.test.ts": 180,
  "server/src/stores/copy/copy.test.ts": 155,
  "server/src/runs/domain/exhaustive.test.ts": 125,
  "server/src/stores/copy/killed.test.ts": 95,
  "server/src/stores/conformance/new-entity.test.ts": 55,
  "server/src/http/authorization.test.ts": 50,
  "legacy-import/src/migrate.test.ts": 35,
  "server/src/metrics/rollups/rollups.test.ts": 25,
};
for (const file of Object.keys(LONG_FILES)) {
  const isThere = existsSync(new URL(file, import.meta.url));
  if (!isThere) throw new Error(`vitest.config.ts names ${file}, which is not there.`);
}

const secondsOf = ({ moduleId, project }: TestSpecification): number =>
  LONG_FILES[relative(project.config.root, moduleId)] ?? 0;
const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => groupOf(a) - groupOf(b) || secondsOf(b) - secondsOf(a));
  }
}

/** The whole API suite a second time, on the MongoDB that `npm test` has started. */
const onMongo =
  process.env["LOAD_MANAGER_TEST_MONGODB_URI"] === undefined
    ? []
    : [
        {
          test: {
            name: "api on mongodb",
            include: ["server/src/http/**/*.test.ts"],
            env: { LOAD_MANAGER_TEST_STORE: "mongodb" },
            testTimeout: 60_000,
            maxWorkers: 3,
            sequence: { groupOrder: 1 },
          },
        },
      ];

/** What only the long commands run, or what needs a MongoDB where there is none (`npm test` says so then). */
const left = [
  ...(process.env["LOAD_MANAGER_FAULTS"] === "all"
    ? []
    : [
        "e2e/faults/{absence,attached-locust,clocks,cluster,damaged,disk,local-locust,metrics,others-load}.test.ts",
      ]),
  ...(process.env["LOAD_MANAGER_TEST_FAKETIME"] === undefined ? ["e2e/faults/clocks.test.ts"] : []),
  ...(process.env["LOAD_MANAGER_TEST_CHROMIUM"] === undefined
    ? ["e2e/browser.test.ts", "e2e/page/**"]
    : []),
  ...(process.env["LOAD_MANAGER_SCREENSHOTS"] === undefined
    ? ["e2e/page/screenshots.test.ts"]
    : []),
  ...(process.env["LOAD_MANAGER_SOAK_MINUTES"] === undefined ? ["e2e/soak/**"] : []),
  ...(process.env["LOAD_MANAGER_TEST_MONGODB_URI"] === undefined
    ? [
        "e2e/faults/two-servers.test.ts",
        "e2e/faults/store-away.test.ts",
        "e2e/migrate.test.ts",
        "e2e/migrated-server.test.ts",
      ]
    : []),
];

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["{contract,server,cli,legacy-import,tools,examples,web}/**/*.test.{ts,mjs}"],
          testTimeout: 60_000,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      ...onMongo,
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          exclude: left,
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // What is waited for comes later on a busy machine; limits that are promised are asserted by their own times.
          expect: { poll: { timeout: 15_000 } },
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
