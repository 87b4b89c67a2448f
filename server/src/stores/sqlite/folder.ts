import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import Database from "better-sqlite3";
import { AppError } from "../../lib/errors.ts";
import { folderError, isFull } from "./errors.ts";

/** Of two servers that start at the same instant one wins within this time. */
const LOCK_WAIT_MS = 300;

export type Folder = {
  readonly path: string;
  readonly file: (name: string) => string;
  readonly release: () => void;
};

const inUse = (path: string, pidFile: string): AppError => {
  let pid = "";
  try {
    pid = readFileSync(pidFile, "utf8").trim();
  } catch {
    // The holder of the lock has not written its process id yet: the message does without it.
  }
  const who = /^\d+$/.test(pid) ? ` (process ${pid})` : "";
  return new AppError(
    "unavailable",
    `The data folder ${path} is in use by another Load Manager${who}. Stop it, or choose another folder with --data-dir.`,
    { fields: [{ field: "store.dataDir", message: "is in use by another Load Manager" }] },
  );
};

/** The process id is only for the message of a second server: on a full disk it is left out. */
const notePid = (file: string): void => {
  try {
    writeFileSync(file, `${process.pid}\n`);
  } catch (error) {
    if (!isFull(error)) throw error;
  }
};

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith("SQLITE_BUSY");

/**
 * Makes the folder and holds it for this process. The lock is an open transaction on a database of its own: the
 * operating system ends it with the process, however that dies, so nothing has to be cleaned up.
 * Throws AppError unavailable where another process holds the folder, or it cannot be written.
 */
export const holdFolder = (dataDir: string): Folder => {
  const path = resolve(dataDir);
  const file = (name: string) => join(path, name);
  let lock: Database.Database | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    lock = new Database(file("lock.db"), { timeout: LOCK_WAIT_MS });
    // Without a journal on the disk: the lock can be taken on a full disk too.
    lock.pragma("journal_mode = MEMORY");
    lock.exec("BEGIN EXCLUSIVE");
    notePid(file("server.pid"));
  } catch (error) {
    lock?.close();
    throw isBusy(error) ? inUse(path, file("server.pid")) : folderError(error, path);
  }
  const held = lock;
  return {
    path,
    file,
    release: () => {
      rmSync(file("server.pid"), { force: true });
      held.close();
    },
  };
};
