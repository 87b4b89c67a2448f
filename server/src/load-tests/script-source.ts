import type { PutScript, SentScript } from "@load-manager/contract/api/script.ts";
import {
  conflictingPaths,
  DEFAULT_ENTRYPOINT,
  SCRIPT_LIMITS,
} from "@load-manager/contract/model/script-paths.ts";
import { REQUIREMENTS_FILE } from "@load-manager/contract/model/requirements.ts";
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
  files: new Map([[DEFAULT_ENTRYPOINT, bytesOf(text)]]),
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

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Throws AppError validation where there is a file with other requirements, or one in whose place they cannot be. */
const withRequirements = (source: ScriptSource, requirements: string): ScriptSource => {
  const file = source.files.get(REQUIREMENTS_FILE);
  const given = bytesOf(requirements);
  if (file !== undefined && Buffer.compare(file, given) !== 0) {
    throw invalid("requirements", `and the file ${REQUIREMENTS_FILE} differ; send one of them`);
  }
  const files = new Map(source.files).set(REQUIREMENTS_FILE, given);
  const [conflict] = conflictingPaths([...files.keys()]);
  if (conflict !== undefined) {
    throw invalid("requirements", `are the file ${REQUIREMENTS_FILE}, which ${conflict.message}`);
  }
  if (files.size > SCRIPT_LIMITS.files) {
    throw invalid("requirements", `are one file more than the ${SCRIPT_LIMITS.files} allowed`);
  }
  return {
    ...source,
    files,
    fieldOf: (path) => (path === REQUIREMENTS_FILE ? "requirements" : source.fieldOf(path)),
  };
};

/** The script of a body that the contract has parsed. */
export const sourceOfBody = ({ requirements, ...body }: SentScript): ScriptSource => {
  const source =
    body.content === undefined ? sourceOfFiles(body) : sourceOfText(body.content, "content");
  return requirements === undefined ? source : withRequirements(source, requirements);
};

const sourceOfFiles = ({
  files = [],
  entrypoint = DEFAULT_ENTRYPOINT,
}: Pick<SentScript, "files" | "entrypoint">): ScriptSource => {
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

/** The text of the script's requirements.txt; `undefined` where there is none. */
export const requirementsOf = (files: ScriptSource["files"]): string | undefined => {
  const bytes = files.get(REQUIREMENTS_FILE);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
};
