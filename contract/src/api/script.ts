import { z } from "zod";
import { Creator, describedLike, page } from "../model/primitives.ts";
import { ScriptFile, ScriptRevision } from "../model/script.ts";

export const ScriptProblem = z.object({
  file: z.string().describe("The path of the file within the script."),
  line: z.int().optional().describe("The line, counted from 1; absent for the file as a whole."),
  message: z.string().describe("What is wrong."),
});
export type ScriptProblem = z.output<typeof ScriptProblem>;

export const ScriptWarnings = z
  .array(ScriptProblem)
  .describe("What will hardly work, though the script compiles; after a save or a check only.");

export const ScriptRevisionWithContent = ScriptRevision.extend({
  files: z
    .array(
      ScriptFile.extend({
        content: z.string().describe("The content, encoded as encoding says."),
        encoding: z.enum(["utf-8", "base64"]).describe("base64 for a file that is not text."),
      }),
    )
    .describe("The files of the script with their contents."),
  warnings: ScriptWarnings.optional(),
});

export const ScriptRevisionPage = page(ScriptRevision);

const notYet = (what: string) =>
  z
    .never({ error: `${what} are not supported by this version of Load Manager; send content` })
    .optional();

const content = z
  .string({ error: "must be the locustfile's text" })
  .max(1_000_000)
  .describe("The text of the locustfile, in Python.");

export const PutScript = z.strictObject({
  content,
  ...describedLike(ScriptRevision.shape, {
    description: z.string().max(2000).optional(),
    createdBy: Creator.optional(),
  }),
  files: notYet("scripts of several files"),
  entrypoint: notYet("scripts of several files"),
  requirements: notYet("requirements"),
});
export type PutScript = z.output<typeof PutScript>;

export const CheckScript = z.strictObject({ content, files: notYet("scripts of several files") });

export const ScriptCheck = z.object({
  ok: z.boolean().describe("Whether the script compiles."),
  errors: z.array(ScriptProblem).describe("Why the script does not compile."),
  warnings: ScriptWarnings,
  userClasses: z
    .array(z.string())
    .describe("The User classes of the script; not read by this version."),
  shapeClasses: z
    .array(z.string())
    .describe("The load shapes of the script; not read by this version."),
  options: z
    .array(z.string())
    .describe("The script's own command line options; not read by this version."),
  tags: z.array(z.string()).describe("The tags of the script's tasks; not read by this version."),
});
export type ScriptCheck = z.output<typeof ScriptCheck>;
