import { closeSync, existsSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import Database from "better-sqlite3";
import { AppError, messageOf } from "../../lib/errors.ts";
import { unfinishedError } from "../shared/unfinished.ts";
import { folderError } from "../sqlite/errors.ts";
import { MARK_FILE, readMark, syncFolder } from "../sqlite/mark.ts";
import {
  FORMAT,
  MANIFEST,
  type Manifest,
  type Part,
  PARTS,
  sha256Of,
  unreadable,
} from "./manifest.ts";
import { piecesOf, writeTar } from "./tar.ts";

export type BackupOptions = {
  readonly dataDir: string;
  readonly file: string;
  readonly force: boolean;
  readonly version: string;
  /** Unix ms. */
  readonly now: number;
  readonly onProgress: (what: string, done: number, total: number) => void;
};
export type BackedUp = {
  readonly file: string;
  readonly size: number;
  readonly manifest: Manifest;
};

const PAGES_AT_ONCE = 2000;

/** A read transaction: it sees the database as it is now until it is closed, also while a server writes. */
const viewOf = (file: string): Database.Database => {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    db.exec("BEGIN");
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
};

/** Makes a copy a plain file, and has SQLite check all of it. */
const checked = (file: string, name: Part): void => {
  const db = new Database(file);
  try {
    db.pragma("journal_mode = DELETE");
    const found = db.pragma("integrity_check", { simple: true });
    if (found === "ok") return;
    throw new AppError(
      "unavailable",
      `${name} is damaged, and was not backed up: ${String(found)}`,
    );
  } finally {
    db.close();
  }
};

const withFile = <T>(file: string, work: (handle: number, size: number) => T): T => {
  const handle = openSync(file, "r");
  try {
    return work(handle, statSync(file).size);
  } finally {
    closeSync(handle);
  }
};

/** Copies what a view sees into a file, and checks the file. */
const copyPart = async (
  part: Part,
  view: Database.Database,
  file: string,
  { dataDir, onProgress }: Pick<BackupOptions, "dataDir" | "onProgress">,
): Promise<Manifest["parts"][Part]> => {
  const schema = Number(view.pragma("user_version", { simple: true }));
  const why = unreadable(part, schema);
  if (why !== undefined) {
    throw new AppError(
      "unavailable",
      `${part} in ${dataDir} ${why}; back it up with the Load Manager that wrote it.`,
    );
  }
  await view.backup(file, {
    progress: ({ totalPages, remainingPages }) => {
      onProgress(`Copying ${part} (pages)`, totalPages - remainingPages, totalPages);
      return PAGES_AT_ONCE;
    },
  });
  view.close();
  checked(file, part);
  return withFile(file, (handle, size) => ({
    size,
    sha256: sha256Of(piecesOf(handle, 0, size)),
    schema,
  }));
};

/**
 * One file with everything that a data folder keeps in its databases, also while a server runs on it. The view of control.db
 * is the older one: a run is settled there only after its metrics are stored, so metrics.db has them. Metrics of the moment
 * between the two views are counted by the server that is started on the backup; those of an unknown run are never shown.
 * Rejects with AppError where there is no such folder, the file exists, or a database is damaged; then there is no new file.
 */
export const backup = async (options: BackupOptions): Promise<BackedUp> => {
  const { force, version, now, onProgress } = options;
  const [dataDir, file] = [resolve(options.dataDir), resolve(options.file)];
  const missing = PARTS.find((part) => !existsSync(join(dataDir, part)));
  if (missing !== undefined) {
    throw new AppError(
      "not-found",
      `There is no data of Load Manager in ${dataDir} (no ${missing}).`,
    );
  }
  const mark = readMark(join(dataDir, MARK_FILE));
  if (mark !== undefined) throw unfinishedError(`The data folder ${dataDir}`, mark);
  if (existsSync(file) && !force) {
    throw new AppError("conflict", `${file} exists already; --force replaces it.`);
  }
  if (!existsSync(dirname(file))) {
    throw new AppError("validation", `There is no folder ${dirname(file)} to write the backup to.`);
  }
  const tarFile = `${file}.part`;
  const clone = (part: Part): string => `${file}.${part}.part`;
  const leftovers = [tarFile, ...PARTS.map(clone)].flatMap((one) => [one, `${one}-journal`]);
  const clean = (): void => leftovers.forEach((one) => rmSync(one, { force: true }));
  const views = new Map<Part, Database.Database>();
  try {
    clean();
    for (const part of PARTS) views.set(part, viewOf(join(dataDir, part)));
    const parts: Partial<Record<Part, Manifest["parts"][Part]>> = {};
    for (const [part, view] of views) {
      parts[part] = await copyPart(part, view, clone(part), { dataDir, onProgress });
    }
    const manifest = {
      what: "load-manager backup",
      format: FORMAT,
      version,
      createdAt: new Date(now).toISOString(),
      parts: parts as Manifest["parts"],
    } as const;
    const tar = writeTar(tarFile);
    try {
      const text = Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`);
      tar.add({ name: MANIFEST, size: text.byteLength }, [text]);
      for (const part of PARTS) {
        withFile(clone(part), (handle, size) =>
          tar.add({ name: part, size }, piecesOf(handle, 0, size)),
        );
        rmSync(clone(part));
      }
      tar.finish();
    } finally {
      tar.close();
    }
    renameSync(tarFile, file);
    syncFolder(dirname(file));
    return { file, size: statSync(file).size, manifest };
  } catch (error) {
    throw backupError(error, file, dataDir);
  } finally {
    for (const view of views.values()) view.close();
    clean();
  }
};

const backupError = (error: unknown, file: string, dataDir: string): unknown => {
  if (error instanceof AppError) return error;
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "SQLITE_CORRUPT" || error.code === "SQLITE_NOTADB") {
    return folderError(error, dataDir);
  }
  return new AppError("unavailable", `${file} cannot be written: ${messageOf(error)}`, {
    cause: error,
  });
};
