import { z } from "zod";

/** How much is stored. Whatever a store would have to count record by record is absent. */
export const StorageUse = z.object({
  loadTests: z.int().describe("The number of load tests."),
  runs: z.int().describe("The number of runs, those that have not ended included."),
  metricRecords: z
    .int()
    .optional()
    .describe(
      "The number of stored records of metrics, compacted ones included; absent where the store does not count them (sqlite).",
    ),
  bytes: z
    .int()
    .optional()
    .describe(
      "Bytes of everything, indexes and room to reuse included: of the files in the data folder (sqlite), of the database (mongodb); absent for memory.",
    ),
  metricBytes: z.int().optional().describe("How many of the bytes are metrics; absent for memory."),
});
export type StorageUse = z.output<typeof StorageUse>;
