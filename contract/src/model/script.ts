import { z } from "zod";
import { ActorRef } from "./actor.ts";
import { Id, LoadTestId, Time } from "./primitives.ts";

/** A file of a revision. Contents are stored once, by their sha256. */
export const ScriptFile = z.object({
  path: z.string().describe("The path of the file within the script."),
  size: z.int().describe("The length of the file in bytes."),
  sha256: z.string().describe("The SHA-256 of the file's bytes, in hexadecimal."),
});

/** One immutable version of a load test's script; numbered 1, 2, 3 … per load test. */
export const ScriptRevision = z.object({
  id: Id.describe("The id of the script revision."),
  loadTestId: LoadTestId,
  revisionNumber: z.int().describe("Counts 1, 2, 3 … within the load test."),
  entrypoint: z.string().describe("The path of the file that Locust runs."),
  files: z.array(ScriptFile).describe("The files of the script."),
  requirements: z
    .string()
    .optional()
    .describe("The Python packages of the script: the text of its file requirements.txt."),
  sha256: z.string().describe("The SHA-256 of the whole revision, in hexadecimal."),
  description: z.string().optional().describe("What changed, for people to read."),
  createdAt: Time.describe("When the revision was saved."),
  createdBy: z.string().describe("Who saved the revision."),
  createdByActor: ActorRef.optional().describe(
    "Who really created it; only the server sets it. Absent in what older versions stored.",
  ),
});
export type ScriptRevision = z.output<typeof ScriptRevision>;
