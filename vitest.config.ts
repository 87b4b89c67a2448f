import { defineConfig } from "vitest/config";

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
            maxWorkers: 2,
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
  ...(process.env["LOAD_MANAGER_TEST_CHROMIUM"] === undefined ? ["e2e/browser.test.ts"] : []),
  ...(process.env["LOAD_MANAGER_SOAK_MINUTES"] === undefined ? ["e2e/soak/**"] : []),
  ...(process.env["LOAD_MANAGER_TEST_MONGODB_URI"] === undefined
    ? ["e2e/faults/two-servers.test.ts", "e2e/faults/store-away.test.ts", "e2e/migrate.test.ts"]
    : []),
];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{contract,server,cli,legacy-import,tools,examples}/**/*.test.{ts,mjs}"],
          testTimeout: 60_000,
          maxWorkers: 2,
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
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
