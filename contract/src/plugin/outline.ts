import { z } from "zod";
import { ScriptOutline } from "../model/script-outline.ts";

/** What `python -m load_manager_locust.outline` writes (`locust-plugin/PROTOCOL.md`). */
export const OutlineResult = z.object({
  /** What the script raised: where its own code was, and what. */
  problems: z.array(z.object({ file: z.string(), line: z.int().optional(), message: z.string() })),
  /** Absent where the script could not be imported. */
  found: ScriptOutline.extend({
    locustVersion: z.string(),
    /** Names and flags of Locust's own options, with `_` between words. */
    locustOptions: z.array(z.string()),
  }).optional(),
  /** Why no script can be imported there. */
  failed: z.string().optional(),
});
export type FoundOutline = NonNullable<z.output<typeof OutlineResult>["found"]>;
