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

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{contract,server,cli,tools,examples}/**/*.test.{ts,mjs}"],
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
          testTimeout: 180_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
