import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { DEFAULT_ENTRYPOINT } from "@load-manager/contract/model/script-paths.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { readScript } from "./local-files.ts";

/** A locustfile or a project on this machine: its files, and a name for its load test. */
export type LocalScript = {
  readonly name: string;
  readonly entrypoint: string;
  readonly files: ReadonlyMap<string, Buffer>;
};

/** The project in a folder. Throws AppError validation where Locust's file is not in it, or the server would refuse it. */
export const projectIn = (folder: string, entrypoint = DEFAULT_ENTRYPOINT): LocalScript => {
  const files = readScript(folder);
  if (files.has(entrypoint)) return { name: basename(resolve(folder)), entrypoint, files };
  throw new AppError(
    "validation",
    `There is no ${entrypoint} in ${folder}; --entrypoint names the file that Locust runs.`,
  );
};

/** A file alone, or the project in a folder. */
export const localScriptOf = (path: string, entrypoint?: string): LocalScript => {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    return projectIn(path, entrypoint);
  const file = basename(path);
  const files = new Map([[file, readFileSync(path)]]);
  return { name: file.replace(/\.py$/, ""), entrypoint: file, files };
};

/** `undefined` where the argument is no file and no folder: then it names a load test. */
export const localScriptAt = (path: string, entrypoint?: string): LocalScript | undefined => {
  if (existsSync(path)) return localScriptOf(path, entrypoint);
  if (!path.endsWith(".py") && !path.includes("/")) return undefined;
  throw new AppError("validation", `There is no file and no folder ${path}.`);
};
