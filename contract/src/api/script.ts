import { z } from "zod";
import { page } from "../model/primitives.ts";
import { ScriptFile, ScriptRevision } from "../model/script.ts";

export const ScriptProblem = z.object({
  file: z.string(),
  line: z.int().optional(),
  message: z.string(),
});
export type ScriptProblem = z.output<typeof ScriptProblem>;

export const ScriptRevisionWithContent = ScriptRevision.extend({
  files: z.array(ScriptFile.extend({ content: z.string(), encoding: z.enum(["utf-8", "base64"]) })),
  warnings: z.array(ScriptProblem).optional(),
});

export const ScriptRevisionPage = page(ScriptRevision);

const notYet = (what: string) =>
  z
    .never({ error: `${what} are not supported by this version of Load Manager; send content` })
    .optional();

export const PutScript = z.strictObject({
  content: z.string({ error: "must be the locustfile's text" }).max(1_000_000),
  description: z.string().max(2000).optional(),
  createdBy: z.string().min(1).max(200).optional(),
  files: notYet("scripts of several files"),
  entrypoint: notYet("scripts of several files"),
  requirements: notYet("requirements"),
});
export type PutScript = z.output<typeof PutScript>;

export const CheckScript = z.strictObject({
  content: z.string({ error: "must be the locustfile's text" }).max(1_000_000),
  files: notYet("scripts of several files"),
});

export const ScriptCheck = z.object({
  ok: z.boolean(),
  errors: z.array(ScriptProblem),
  userClasses: z.array(z.string()),
  shapeClasses: z.array(z.string()),
  options: z.array(z.string()),
  tags: z.array(z.string()),
});
export type ScriptCheck = z.output<typeof ScriptCheck>;
