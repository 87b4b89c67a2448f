import {
  accessSync,
  constants,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";

const unwritable = (option: string, file: string, why: string): AppError =>
  new AppError("validation", `${option} ${file} cannot be written: ${why}.`);

/** Beside the file, so that a rename puts it in its place at once. */
const draftOf = (file: string): string =>
  join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);

/** Whether a file can be made beside this one; throws the reason where neither that nor the file itself can be written. */
const hasDraft = (file: string, exists: boolean): boolean => {
  try {
    writeFileSync(draftOf(file), "", { flag: "wx" });
    rmSync(draftOf(file));
    return true;
  } catch (error) {
    if (!exists) throw error;
    accessSync(file, constants.W_OK);
    return false;
  }
};

const replace = (file: string, text: string): void => {
  try {
    writeFileSync(draftOf(file), text);
    renameSync(draftOf(file), file);
  } catch {
    // The file may be mounted by itself, so that nothing can take its place.
    rmSync(draftOf(file), { force: true });
    writeFileSync(file, text);
  }
};

/**
 * A file that a report will be written to, whole or not at all; devices and pipes are written as they are. Its folder is made.
 * Throws AppError validation where it cannot be written, before there is anything to write.
 */
export const reportFile = (option: string, path: string) => {
  const given = resolve(path);
  let file = given;
  let isReplaced = false;
  let isRegular = true;
  try {
    mkdirSync(dirname(given), { recursive: true });
    const known = statSync(given, { throwIfNoEntry: false });
    if (known?.isDirectory() === true) throw new Error("it is a folder");
    isRegular = known?.isFile() ?? true;
    if (!isRegular) accessSync(given, constants.W_OK);
    else {
      // A link stays one.
      file = known === undefined ? given : realpathSync(given);
      isReplaced = hasDraft(file, known !== undefined);
    }
  } catch (error) {
    throw unwritable(option, path, messageOf(error));
  }
  return {
    path,
    file,
    /** Takes away what an earlier run has left, which a pipeline that is killed would take for this run's. */
    clear: (): void => {
      if (isReplaced) rmSync(file, { force: true });
      else if (isRegular) writeFileSync(file, "");
    },
    write: (text: string): void => {
      try {
        if (isReplaced) replace(file, text);
        else writeFileSync(file, text);
      } catch (error) {
        throw unwritable(option, path, messageOf(error));
      }
    },
  };
};
