import { z } from "zod";
import { ActorRef } from "./actor.ts";
import { Id, Time } from "./primitives.ts";

/** A file of a revision. Contents are stored once, by their sha256. */
export const ScriptFile = z.object({ path: z.string(), size: z.int(), sha256: z.string() });

/** One immutable version of a load test's script; numbered 1, 2, 3 … per load test. */
export const ScriptRevision = z.object({
  id: Id,
  loadTestId: Id,
  revisionNumber: z.int(),
  entrypoint: z.string(),
  files: z.array(ScriptFile),
  requirements: z.string().optional(),
  sha256: z.string(),
  description: z.string().optional(),
  createdAt: Time,
  createdBy: z.string(),
  /** Absent in what older versions stored. */
  createdByActor: ActorRef.optional(),
});
export type ScriptRevision = z.output<typeof ScriptRevision>;
