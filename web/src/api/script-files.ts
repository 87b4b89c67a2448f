import { REQUIREMENTS_FILE } from "@load-manager/contract/model/requirements.ts";
import {
  conflictingPaths,
  DEFAULT_ENTRYPOINT,
  scriptPathFault,
} from "@load-manager/contract/model/script-paths.ts";

/** A file of a script, as the API has it. */
export type ScriptFile = {
  readonly path: string;
  /** The text, or base64 for what is not UTF-8. */
  readonly content: string;
  readonly encoding: "utf-8" | "base64";
};

/** The files of a script, and which of them Locust runs. */
export type ScriptFiles = {
  readonly entrypoint: string;
  readonly files: readonly ScriptFile[];
};

export const isPython = (path: string): boolean => path.endsWith(".py");

/** The most characters of a text that is shown. */
const SHOWN_CHARACTERS = 1_000_000;

/** Whether a file can be shown as text: not what is binary or very large. */
export const isShown = ({ content, encoding }: ScriptFile): boolean =>
  encoding === "utf-8" && content.length <= SHOWN_CHARACTERS && !content.includes("\0");

/** The bytes of a file. */
export const bytesOf = ({ content, encoding }: ScriptFile): Uint8Array<ArrayBuffer> =>
  encoding === "base64"
    ? Uint8Array.from(atob(content), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(content);

/** The length of a file in bytes. */
export const sizeOf = ({ content, encoding }: ScriptFile): number =>
  encoding === "base64"
    ? (content.length / 4) * 3 - (/={0,2}$/.exec(content)?.[0].length ?? 0)
    : new TextEncoder().encode(content).length;

/** What becomes of files, by path; `undefined` for one that is deleted. */
export type Changes = ReadonlyMap<string, ScriptFile | undefined>;

/** What an edit begins with where there is no script. */
export const NO_FILES: ScriptFiles = { entrypoint: DEFAULT_ENTRYPOINT, files: [] };

const byPath = (files: readonly ScriptFile[]): Map<string, ScriptFile> =>
  new Map(files.map((file) => [file.path, file]));

export const isSame = (one: ScriptFile | undefined, other: ScriptFile | undefined): boolean =>
  one?.content === other?.content && one?.encoding === other?.encoding;

const inOrder = (one: ScriptFile, other: ScriptFile): number =>
  one.path < other.path ? -1 : one.path > other.path ? 1 : 0;

/** A script after changes, in the order of its paths. The file that Locust runs is never deleted. */
export const scriptAfter = (base: ScriptFiles, changes: Changes): ScriptFiles => {
  const files = byPath(base.files);
  for (const [path, file] of changes) {
    if (file !== undefined) files.set(path, file);
    else if (path !== base.entrypoint) files.delete(path);
  }
  return { entrypoint: base.entrypoint, files: [...files.values()].toSorted(inOrder) };
};

/** What makes the first files the second. */
export const changesBetween = (
  before: readonly ScriptFile[],
  after: readonly ScriptFile[],
): Changes => {
  const [old, now] = [byPath(before), byPath(after)];
  const paths = [...new Set([...old.keys(), ...now.keys()])].toSorted();
  return new Map(
    paths
      .filter((path) => !isSame(old.get(path), now.get(path)))
      .map((path) => [path, now.get(path)]),
  );
};

/** A file that differs between two scripts; `before` is absent for one that is new, `after` for one that is gone. */
export type Difference = {
  readonly path: string;
  readonly before: ScriptFile | undefined;
  readonly after: ScriptFile | undefined;
};

export const differencesOf = (
  before: readonly ScriptFile[],
  after: readonly ScriptFile[],
): Difference[] => {
  const old = byPath(before);
  return [...changesBetween(before, after)].map(([path, file]) => ({
    path,
    before: old.get(path),
    after: file,
  }));
};

/** What is wrong with a new path beside the others, as the end of a sentence that begins with the path. */
export const newPathFault = (others: readonly string[], path: string): string | undefined =>
  scriptPathFault(path) ??
  conflictingPaths([...others, path]).find(({ index }) => index === others.length)?.message;

/** A script as a request sends it. */
export const sentScript = ({ entrypoint, files }: ScriptFiles) => ({
  entrypoint,
  files: files.map(({ path, content, encoding }) => ({ path, content, encoding })),
});

const ALSO_READ = new Set(["locust.conf", "pyproject.toml", REQUIREMENTS_FILE]);

/** What a check of the whole script reads: its Python, its packages, and files that hold settings of Locust. Data can be large. */
export const checkedScript = ({ entrypoint, files }: ScriptFiles) =>
  sentScript({
    entrypoint,
    files: files.filter(({ path }) => isPython(path) || ALSO_READ.has(path)),
  });

/** The text of the file that Locust runs. */
export const entrypointText = ({ files, entrypoint }: ScriptFiles): string =>
  files.find(({ path }) => path === entrypoint)?.content ?? "";

/** Whether a script is more than the one text that a new load test can be created with. */
export const hasSeveralFiles = ({ files, entrypoint }: ScriptFiles): boolean =>
  files.length > 1 || entrypoint !== DEFAULT_ENTRYPOINT;

/** A script of several files in which the file that Locust runs has this text; `undefined` for one text. */
export const clonedScript = (
  original: ScriptFiles | undefined,
  text: string,
): ScriptFiles | undefined => {
  if (original === undefined || !hasSeveralFiles(original)) return undefined;
  const path = original.entrypoint;
  return scriptAfter(original, new Map([[path, { path, content: text, encoding: "utf-8" }]]));
};
