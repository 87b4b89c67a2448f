import { z } from "zod";
import { Id } from "../model/primitives.ts";

/** The changes of a reload. */
export const ReloadAnswer = z.object({
  reloaded: z.literal(true),
  clusters: z.object({
    added: z.array(Id),
    removed: z.array(Id),
    changed: z.array(Id),
    /** Removed clusters with unsettled runs; they accept no new ones. */
    draining: z.array(Id),
  }),
  /** The number of valid tokens, including callback tokens. */
  tokens: z.int(),
  /** Changed settings that need a restart. */
  needsRestart: z.array(z.string()),
  warnings: z.array(z.string()),
});
export type ReloadAnswer = z.output<typeof ReloadAnswer>;
