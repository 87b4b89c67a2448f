import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  conflictingPaths,
  SCRIPT_LIMITS,
  scriptPathFault,
} from "@load-manager/contract/model/script-paths.ts";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import ignore, { type Ignore } from "ignore";

export const IGNORE_FILE = ".load-manager-ignore";
/** Never part of a script, unless the ignore file takes it in again (`!.venv`). */
const LEFT_OUT = [".git", "__pycache__", "*.pyc", ".venv", IGNORE_FILE];

const refuse = (message: string): AppError => new AppError("validation", message);

/** The lines of the ignore file are those of a .gitignore. */
const ignoredIn = (folder: string): Ignore => {
  const rules = ignore().add(LEFT_OUT);
  try {
    return rules.add(readFileSync(join(folder, IGNORE_FILE), "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return rules;
    throw refuse(`${IGNORE_FILE} cannot be read: ${messageOf(error)}.`);
  }
};

/** The paths of files, with / between folders. Folders that are ignored are not read. */
const walk = (folder: string, rules: Ignore, within = ""): string[] =>
  readdirSync(join(folder, within)).flatMap((name) => {
    const path = `${within}${name}`;
    const stat = lstatSync(join(folder, path));
    if (rules.ignores(stat.isDirectory() ? `${path}/` : path)) return [];
    if (stat.isDirectory()) return walk(folder, rules, `${path}/`);
    if (stat.isFile()) return [path];
    throw refuse(
      `${path} is ${stat.isSymbolicLink() ? "a link" : "no file"}, which a script may not have; name it in ${IGNORE_FILE}, or put a file in its place.`,
    );
  });

/** The script in a folder: contents by path. Throws AppError validation for what the server would refuse. */
export const readScript = (folder: string): ReadonlyMap<string, Buffer> => {
  let paths: string[];
  try {
    paths = walk(folder, ignoredIn(folder)).toSorted();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw refuse(`The folder ${folder} cannot be read: ${messageOf(error)}.`);
  }
  if (paths.length > SCRIPT_LIMITS.files) {
    throw refuse(
      `${folder} has ${paths.length} files, and a script has at most ${SCRIPT_LIMITS.files}; name what it does not need in ${IGNORE_FILE}.`,
    );
  }
  for (const path of paths) {
    const fault = scriptPathFault(path);
    if (fault !== undefined) throw refuse(`${path} ${fault}.`);
  }
  const [conflict] = conflictingPaths(paths);
  if (conflict !== undefined) throw refuse(`${paths[conflict.index]} ${conflict.message}.`);
  const bytes = paths.reduce((sum, path) => sum + lstatSync(join(folder, path)).size, 0);
  if (bytes > SCRIPT_LIMITS.bytes) {
    throw refuse(
      `The files in ${folder} have ${bytes} bytes, and a script has at most ${SCRIPT_LIMITS.bytes}; name what it does not need in ${IGNORE_FILE}.`,
    );
  }
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path))]));
};
