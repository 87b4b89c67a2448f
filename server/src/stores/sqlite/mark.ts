import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** The file that marks a data folder as incomplete: a copy or a restore was begun. */
export const MARK_FILE = "unfinished.json";

export const syncFolder = (path: string): void => {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
};

export const readMark = (file: string): string | undefined => {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
};

/** On the disk when it returns, whole or not at all; `undefined` removes the mark. */
export const writeMark = (file: string, text: string | undefined): void => {
  if (text === undefined) rmSync(file, { force: true });
  else {
    const handle = openSync(`${file}.new`, "w", 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(`${file}.new`, file);
  }
  syncFolder(dirname(file));
};
