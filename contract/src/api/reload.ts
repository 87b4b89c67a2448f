import { z } from "zod";
import { Id } from "../model/primitives.ts";

/** The changes of a reload. */
export const ReloadAnswer = z.object({
  reloaded: z.literal(true).describe("Always true: a configuration with a fault is a 400."),
  clusters: z
    .object({
      added: z.array(Id).describe("The ids of new clusters."),
      removed: z.array(Id).describe("The ids of clusters that are gone."),
      changed: z.array(Id).describe("The ids of clusters with other settings."),
      draining: z
        .array(Id)
        .describe("The ids of removed clusters with unsettled runs; they accept no new ones."),
    })
    .describe("What the reload changed of the clusters."),
  tokens: z.int().describe("The number of valid tokens, callback tokens included."),
  needsRestart: z.array(z.string()).describe("Changed settings that need a restart."),
  warnings: z
    .array(z.string())
    .describe("What is allowed in the configuration but hardly intended."),
});
export type ReloadAnswer = z.output<typeof ReloadAnswer>;
