import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";
import { isPython } from "../../api/script-files.ts";

/** A folder or an archive that somebody has chosen, as a zip archive. */
export type Upload = {
  /** The name of the folder or file. */
  readonly name: string;
  readonly archive: Uint8Array<ArrayBuffer>;
  /** The paths in the archive. */
  readonly paths: readonly string[];
};

/** Programs add these to archives by themselves, and the server leaves them out; so are entries of folders. */
const isLeftOut = (path: string): boolean =>
  path.endsWith("/") || path.startsWith("__MACOSX/") || /(?:^|\/)\.DS_Store$/.test(path);

/** What of an archive's names is a file of the script. */
export const filesAmong = (names: readonly string[]): string[] =>
  names.filter((name) => !isLeftOut(name));

/** The folder that holds everything, with its /; the server takes the files without it. */
const topFolder = (paths: readonly string[]): string => {
  const [first = ""] = paths;
  const top = first.slice(0, first.indexOf("/") + 1);
  return top !== "" && paths.every((path) => path.startsWith(top)) ? top : "";
};

const withoutTop = (paths: readonly string[]): string[] => {
  const { length } = topFolder(paths);
  return paths.map((path) => path.slice(length));
};

/** The paths that an archive's files get as a script: a folder at the top stays where the entrypoint names it. */
export const pathsAsScript = (paths: readonly string[], entrypoint: string): string[] =>
  paths.includes(entrypoint) ? [...paths] : withoutTop(paths);

/** The files that Locust could run. */
export const candidatesOf = (paths: readonly string[]): string[] =>
  [...new Set([...withoutTop(paths), ...paths])].filter((path) => isPython(path)).toSorted();

/** The file that Locust runs, as far as it can be known: that of the revision before, or the usual one. */
export const entrypointAmong = (paths: readonly string[], current: string): string | undefined => {
  const candidates = candidatesOf(paths);
  const known = [current, DEFAULT_ENTRYPOINT].find((path) => candidates.includes(path));
  return known ?? (candidates.length === 1 ? candidates[0] : undefined);
};

/** What becomes of the files of a script, by path. */
export type Replacement = {
  readonly added: readonly string[];
  readonly replaced: readonly string[];
  readonly deleted: readonly string[];
};

export const replacementOf = (
  before: readonly string[],
  after: readonly string[],
): Replacement => ({
  added: after.filter((path) => !before.includes(path)).toSorted(),
  replaced: after.filter((path) => before.includes(path)).toSorted(),
  deleted: before.filter((path) => !after.includes(path)).toSorted(),
});
