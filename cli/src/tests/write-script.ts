import { lstatSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { scriptPathFault } from "@load-manager/contract/model/script-paths.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";

const kindAt = (path: string) => lstatSync(path, { throwIfNoEntry: false });

/** Throws where writing the file would follow a link, or replace a folder. */
const requirePlain = (folder: string, path: string): void => {
  const names = path.split("/");
  for (const index of names.keys()) {
    const part = names.slice(0, index + 1).join("/");
    const there = kindAt(join(folder, part));
    const isLast = index === names.length - 1;
    if (there === undefined || (isLast ? there.isFile() : there.isDirectory())) continue;
    throw new AppError("conflict", `${part} in ${folder} is in the way of ${path}; remove it.`);
  }
};

/**
 * Writes the files into a folder, which is made where there is none. With `force` it may hold files: those of the script are
 * replaced, and nothing is removed. Nothing is written where one of the files may not be.
 */
export const writeScript = (
  folder: string,
  files: ReadonlyMap<string, Buffer>,
  force: boolean,
): void => {
  if (!force && kindAt(folder) !== undefined && readdirSync(folder).length > 0) {
    throw new AppError(
      "conflict",
      `The folder ${folder} is not empty; --force replaces the files of the script in it, and keeps the others.`,
    );
  }
  for (const path of files.keys()) {
    const fault = scriptPathFault(path);
    if (fault !== undefined) throw new AppError("validation", `The path ${path} ${fault}.`);
    requirePlain(folder, path);
  }
  mkdirSync(folder, { recursive: true });
  for (const [path, content] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
};
