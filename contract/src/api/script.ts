import { z } from "zod";
import { Creator, describedLike, Id, LoadTestId, page, Scope } from "../model/primitives.ts";
import { ScriptOutline } from "../model/script-outline.ts";
import { ScriptFile, ScriptRevision } from "../model/script.ts";
import {
  conflictingPaths,
  DEFAULT_ENTRYPOINT,
  entrypointFault,
  SCRIPT_LIMITS,
  scriptPathFault,
} from "../model/script-paths.ts";

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

const isWellFormed = (text: string): boolean => text.isWellFormed();
const NOT_UNICODE = "must be valid Unicode";

const content = z
  .string({ error: "must be the locustfile's text" })
  .max(1_000_000)
  .refine(isWellFormed, NOT_UNICODE)
  .describe("The text of the locustfile, in Python, where it is the only file.");

/** A string of a form that a function judges: it says what is wrong. */
const judged = (faultOf: (text: string) => string | undefined, schema = z.string()) =>
  schema.superRefine((text, context) => {
    const message = faultOf(text);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  });

const ScriptPath = judged(scriptPathFault, z.string().max(500));
const Entrypoint = judged(
  (path) => scriptPathFault(path) ?? entrypointFault(path),
  z.string().max(500),
);

const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

const SentFile = z
  .strictObject({
    path: ScriptPath.describe(
      "The path of the file within the script: relative, with / between folders.",
    ),
    content: z.string().describe("The content, encoded as encoding says."),
    encoding: z
      .enum(["utf-8", "base64"])
      .default("utf-8")
      .describe("base64 for a file that is not text."),
  })
  .superRefine(({ content: text, encoding }, context) => {
    const message =
      encoding === "base64"
        ? isBase64(text)
          ? undefined
          : "must be base64, as encoding says"
        : text.isWellFormed()
          ? undefined
          : NOT_UNICODE;
    if (message !== undefined) context.addIssue({ code: "custom", path: ["content"], message });
  });

const scriptFields = {
  content: content.optional(),
  files: z
    .array(SentFile)
    .min(1, "must have at least 1 file")
    .max(SCRIPT_LIMITS.files, `must have at most ${SCRIPT_LIMITS.files} files`)
    .describe("The files of the script, instead of content; 50 MiB together.")
    .optional(),
  entrypoint: Entrypoint.describe(
    `The path of the file that Locust runs; ${DEFAULT_ENTRYPOINT} where it is left out.`,
  ).optional(),
  requirements: z
    .string({ error: "must be the text of a requirements.txt" })
    .refine(isWellFormed, NOT_UNICODE)
    .describe(
      "The Python packages of the script, as the text of a requirements.txt: the same as a file of that name at the top.",
    )
    .optional(),
};

/** A script as a request sends it: one text, or files. */
export type SentScript = {
  readonly content?: string | undefined;
  readonly files?: readonly z.output<typeof SentFile>[] | undefined;
  readonly entrypoint?: string | undefined;
  readonly requirements?: string | undefined;
};

/** The rules that concern several fields. */
const checkSentScript = (
  { content: text, files, entrypoint }: SentScript,
  context: z.core.$RefinementCtx,
): void => {
  const refuse = (message: string, ...path: (string | number)[]): void =>
    context.addIssue({ code: "custom", path, message });
  if (files === undefined) {
    if (text === undefined) refuse("is required, or files", "content");
    if (entrypoint !== undefined) refuse("is for a script that is sent as files", "entrypoint");
    return;
  }
  if (text !== undefined) refuse("and content differ in form; send one of them", "files");
  const paths = files.map(({ path }) => path);
  for (const { index, message } of conflictingPaths(paths)) refuse(message, "files", index, "path");
  const run = entrypoint ?? DEFAULT_ENTRYPOINT;
  if (paths.length > 0 && !paths.includes(run))
    refuse(`must be one of the files; there is no ${run}`, "entrypoint");
};

/** For a JSON Schema, which cannot say the rest. */
const ONE_FORM = { anyOf: [{ required: ["content"] }, { required: ["files"] }] };

const savedFields = describedLike(ScriptRevision.shape, {
  description: z.string().max(2000).optional(),
  createdBy: Creator.optional(),
});

export const PutScript = z
  .strictObject({ ...scriptFields, ...savedFields })
  .superRefine(checkSentScript)
  .meta(ONE_FORM);
export type PutScript = z.output<typeof PutScript>;

/** What a zip archive cannot say itself. */
export const PutScriptQuery = z.strictObject({
  entrypoint: Entrypoint.describe(
    `With a zip archive: the path of the file that Locust runs; ${DEFAULT_ENTRYPOINT} where it is left out.`,
  ).optional(),
  description: savedFields.description.describe("With a zip archive: what changed."),
  createdBy: savedFields.createdBy.describe("With a zip archive: who saved the revision."),
});
export type PutScriptQuery = z.output<typeof PutScriptQuery>;

/** The most bytes of a body with a script. A larger script is sent as a zip archive. */
export const SCRIPT_BODY_BYTES = { json: 16 * 1024 * 1024, zip: SCRIPT_LIMITS.bytes } as const;

/** Where the script would run. */
const placeFields = {
  loadTestId: LoadTestId.optional().describe(
    "The load test whose runs the script is for: it decides the cluster and the environment variables. Without a script in the body its newest revision is checked.",
  ),
  scriptRevisionId: Id.optional().describe(
    "A revision of the load test's script, instead of a script in the body.",
  ),
  ...describedLike(Scope.shape, {
    accountId: Scope.shape.accountId.optional(),
    orgId: Scope.shape.orgId.optional(),
    projectId: Scope.shape.projectId.optional(),
    envId: Scope.shape.envId,
  }),
  locustClusterId: Id.optional().describe(
    "With a scope: the id of the cluster; absent: the cluster that serves the scope.",
  ),
};

const SCOPE_NAMES = ["accountId", "orgId", "projectId"] as const;

type PlaceFields = { readonly [Name in keyof typeof placeFields]?: string | undefined };

/** A load test, or a scope: not both, and no part of a scope. */
const checkPlace = (place: PlaceFields, context: z.core.$RefinementCtx): void => {
  const refuse = (field: string, message: string): void =>
    context.addIssue({ code: "custom", path: [field], message });
  const given = ([...SCOPE_NAMES, "envId", "locustClusterId"] as const).filter(
    (name) => place[name] !== undefined,
  );
  if (given.length === 0) return;
  if (place.loadTestId !== undefined) refuse(given[0] ?? "", "is the load test's; leave it out");
  else {
    for (const name of SCOPE_NAMES) {
      if (place[name] === undefined) refuse(name, `is required with ${given.join(", ")}`);
    }
  }
};

export const CheckScript = z
  .strictObject({ ...scriptFields, ...placeFields })
  .superRefine((body, context) => {
    const { loadTestId, scriptRevisionId, content: text, files } = body;
    const refuse = (field: string, message: string): void =>
      context.addIssue({ code: "custom", path: [field], message });
    const isSent = text !== undefined || files !== undefined;
    if (isSent || loadTestId === undefined) checkSentScript(body, context);
    else if (body.entrypoint !== undefined) refuse("entrypoint", "is for a script in the body");
    if (scriptRevisionId !== undefined && isSent) {
      refuse("scriptRevisionId", "is for a check without a script in the body");
    }
    if (scriptRevisionId !== undefined && loadTestId === undefined) {
      refuse("loadTestId", "is required with scriptRevisionId");
    }
    checkPlace(body, context);
  })
  .meta({ anyOf: [...ONE_FORM.anyOf, { required: ["loadTestId"] }] });
export type CheckScript = z.output<typeof CheckScript>;

const { loadTestId: placeLoadTestId, scriptRevisionId: _, ...scopeFields } = placeFields;
/** What a zip archive cannot say itself. */
export const CheckScriptQuery = z
  .strictObject({
    entrypoint: PutScriptQuery.shape.entrypoint,
    loadTestId: placeLoadTestId.describe(
      "With a zip archive: the load test whose runs the script is for; it decides the cluster and the environment variables.",
    ),
    ...scopeFields,
  })
  .superRefine(checkPlace);
export type CheckScriptQuery = z.output<typeof CheckScriptQuery>;

export const ScriptCheck = z.object({
  ok: z.boolean().describe("Whether there are no errors."),
  errors: z
    .array(ScriptProblem)
    .describe("Why the script does not compile, or what it raised when it was imported."),
  warnings: ScriptWarnings,
  ...ScriptOutline.shape,
  imported: z
    .boolean()
    .describe(
      "Whether the script was imported, in a process of its own: only then are classes, options and tags known.",
    ),
  notImportedReason: z.string().optional().describe("Why it was not."),
  locustVersion: z.string().optional().describe("The version of Locust that imported it."),
});
export type ScriptCheck = z.output<typeof ScriptCheck>;
