import { z } from "zod";
import { Id } from "./primitives.ts";

/** What a reload of the configuration has changed. */
export const ReloadAnswer = z.object({
  reloaded: z.literal(true),
  clusters: z.object({
    added: z.array(Id),
    removed: z.array(Id),
    changed: z.array(Id),
    /** Removed, with runs that are not settled; they take no new ones. */
    draining: z.array(Id),
  }),
  /** How many tokens hold now, callback tokens included. */
  tokens: z.int(),
  /** Settings that have changed and hold only after a restart. */
  needsRestart: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type ReloadAnswer = z.output<typeof ReloadAnswer>;
