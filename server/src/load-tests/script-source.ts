import type { PutScript, SentScript } from "@load-manager/contract/api/script.ts";
import { DEFAULT_ENTRYPOINT, SCRIPT_LIMITS } from "@load-manager/contract/model/script-paths.ts";
import { invalid } from "../lib/errors.ts";

/** A script that is to be checked or saved. */
export type ScriptSource = {
  readonly entrypoint: string;
  /** Contents by path. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** The field of the request that has a file's content. */
  readonly fieldOf: (path: string) => string;
};

/** What a request to save says besides the script. */
export type SavedWith = Pick<PutScript, "description" | "createdBy">;

export const sourceOfText = (text: string, field: string): ScriptSource => ({
  entrypoint: DEFAULT_ENTRYPOINT,
  files: new Map([[DEFAULT_ENTRYPOINT, new TextEncoder().encode(text)]]),
  fieldOf: () => field,
});

/** Throws AppError validation where the files are too large together. */
const requireWithinLimits = (files: ReadonlyMap<string, Uint8Array>, field: string): void => {
  let bytes = 0;
  for (const content of files.values()) bytes += content.length;
  if (bytes <= SCRIPT_LIMITS.bytes) return;
  const mebibytes = SCRIPT_LIMITS.bytes / (1 << 20);
  throw invalid(field, `must be at most ${mebibytes} MiB together, and are ${bytes} bytes`);
};

/** The script of a body that the contract has parsed. */
export const sourceOfBody = ({
  content,
  files = [],
  entrypoint = DEFAULT_ENTRYPOINT,
}: SentScript): ScriptSource => {
  if (content !== undefined) return sourceOfText(content, "content");
  const contents = new Map<string, Uint8Array>(
    files.map((file) => [
      file.path,
      Buffer.from(file.content, file.encoding === "base64" ? "base64" : "utf8"),
    ]),
  );
  requireWithinLimits(contents, "files");
  const places = new Map(files.map(({ path }, index) => [path, `files[${index}].content`]));
  return { entrypoint, files: contents, fieldOf: (path) => places.get(path) ?? "files" };
};
