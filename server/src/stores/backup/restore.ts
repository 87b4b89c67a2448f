import {
  closeSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { AppError, messageOf } from "../../lib/errors.ts";
import { unfinishedError, type Unfinished } from "../shared/unfinished.ts";
import { folderError } from "../sqlite/errors.ts";
import { type Folder, holdFolder } from "../sqlite/folder.ts";
import { MARK_FILE, readMark, syncFolder, writeMark } from "../sqlite/mark.ts";
import { FORMAT, MANIFEST, Manifest, type Part, PARTS, sha256Of, unreadable } from "./manifest.ts";
import { type Found, piecesOf, readTar } from "./tar.ts";

export type RestoreOptions = {
  readonly file: string;
  readonly dataDir: string;
  readonly force: boolean;
  /** Unix ms. */
  readonly now: number;
};
export type Restored = {
  readonly manifest: Manifest;
  /** Where what was in the folder is now. */
  readonly aside?: string;
};

/** What may be in a folder that counts as empty: the lock, room that is held for a full disk, what earlier restores have put aside. */
const OWN = /^(lock\.db.*|ballast|server\.pid|unfinished\.json(\.new)?|replaced-.*)$/;

type Mark = Unfinished & {
  readonly what: "restore";
  readonly aside?: string;
  /** Everything that was there has been put aside; what is there now is of the restore. */
  readonly cleared: boolean;
};

const damaged = (file: string, why: string): AppError =>
  new AppError("validation", `${file} cannot be restored: ${why}. Nothing has been changed.`);

type Opened = {
  readonly handle: number;
  readonly manifest: Manifest;
  readonly entries: ReadonlyMap<Part, Found>;
};

const manifestOf = (file: string, handle: number, entry: Found | undefined): Manifest => {
  if (entry?.name !== MANIFEST || entry.size > 1 << 20) {
    throw damaged(file, "it is no backup of Load Manager");
  }
  const text = Buffer.concat([...piecesOf(handle, entry.at, entry.size)].map((one) => one.slice()));
  let written: unknown;
  try {
    written = JSON.parse(text.toString("utf8"));
  } catch {
    throw damaged(file, "its manifest cannot be read");
  }
  if (
    typeof written === "object" &&
    written !== null &&
    "format" in written &&
    Number(written.format) > FORMAT
  ) {
    throw damaged(file, "it was written by a newer Load Manager; restore it with that one");
  }
  const manifest = Manifest.safeParse(written);
  if (!manifest.success) throw damaged(file, "its manifest is not one of Load Manager's");
  const { parts, version } = manifest.data;
  for (const part of PARTS) {
    const why = unreadable(part, parts[part].schema);
    if (why === undefined) continue;
    throw damaged(file, `its ${part} ${why} (${version}); restore it with that one`);
  }
  return manifest.data;
};

/** Opens a backup and reads it whole. Throws AppError validation where it is none, or not as it was written. */
const openBackup = (file: string): Opened => {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch (error) {
    throw new AppError("validation", `${file} cannot be read: ${messageOf(error)}`);
  }
  try {
    const found = fstatSync(handle).isFile() ? readTar(handle, fstatSync(handle).size) : undefined;
    if (found === undefined)
      throw damaged(file, "it is no backup of Load Manager, or not all of one");
    const manifest = manifestOf(file, handle, found[0]);
    const entries = new Map<Part, Found>();
    for (const part of PARTS) {
      const entry = found.find(({ name }) => name === part);
      const { size, sha256 } = manifest.parts[part];
      if (entry === undefined) throw damaged(file, `${part} is missing in it`);
      if (entry.size !== size || sha256Of(piecesOf(handle, entry.at, size)) !== sha256) {
        throw damaged(file, `${part} in it is damaged`);
      }
      entries.set(part, entry);
    }
    return { handle, manifest, entries };
  } catch (error) {
    closeSync(handle);
    throw error;
  }
};

const extract = ({ handle, entries, manifest }: Opened, folder: Folder): void => {
  for (const [part, { at, size }] of entries) {
    for (const tail of ["", "-wal", "-shm", "-journal"]) {
      rmSync(folder.file(`${part}${tail}`), { force: true });
    }
    const target = openSync(folder.file(part), "wx", 0o600);
    try {
      const written = function* (): Generator<Uint8Array, void, undefined> {
        for (const piece of piecesOf(handle, at, size)) {
          for (let done = 0; done < piece.length;) done += writeSync(target, piece, done);
          yield piece;
        }
      };
      if (sha256Of(written()) !== manifest.parts[part].sha256) {
        throw new AppError("unavailable", `${part} changed while it was read; restore it again.`);
      }
      fsyncSync(target);
    } finally {
      closeSync(target);
    }
  }
  syncFolder(folder.path);
};

const stamp = (now: number): string =>
  new Date(now).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");

const restoreInto = (folder: Folder, opened: Opened, options: RestoreOptions): Restored => {
  const { force, now } = options;
  const markFile = folder.file(MARK_FILE);
  const text = readMark(markFile);
  const before = text === undefined ? undefined : (JSON.parse(text) as Mark);
  if (text !== undefined && before?.what !== "restore" && !force) {
    throw unfinishedError(`The data folder ${folder.path}`, text);
  }
  const going = before?.what === "restore" ? before : undefined;
  const there =
    going?.cleared === true ? [] : readdirSync(folder.path).filter((name) => !OWN.test(name));
  if (there.length > 0 && going === undefined && !force) {
    const named = there.slice(0, 4).join(", ");
    throw new AppError(
      "conflict",
      `The data folder ${folder.path} is not empty: it holds ${named}${there.length > 4 ? ` and ${there.length - 4} more` : ""}. Choose another with --data-dir, or --force puts all of that aside first.`,
    );
  }
  const aside =
    going === undefined ? (there.length > 0 ? `replaced-${stamp(now)}` : undefined) : going.aside;
  const mark: Mark = {
    what: "restore",
    source: resolve(options.file),
    command: `load-manager store restore ${resolve(options.file)} --data-dir ${folder.path}`,
    ...(aside === undefined ? {} : { aside }),
    cleared: there.length === 0,
  };
  writeMark(markFile, JSON.stringify(mark));
  if (aside !== undefined && there.length > 0) {
    mkdirSync(folder.file(aside), { recursive: true, mode: 0o700 });
    for (const name of there) renameSync(folder.file(name), join(folder.file(aside), name));
    syncFolder(folder.file(aside));
    syncFolder(folder.path);
    writeMark(markFile, JSON.stringify({ ...mark, cleared: true }));
  }
  extract(opened, folder);
  writeMark(markFile, undefined);
  return {
    manifest: opened.manifest,
    ...(aside === undefined ? {} : { aside: folder.file(aside) }),
  };
};

/**
 * Puts a backup into an empty folder, or with `force` into one whose contents are put aside first, never deleted. A kill
 * in between leaves a folder that no server starts on, and that the same call completes.
 */
export const restore = (options: RestoreOptions): Restored => {
  const opened = openBackup(resolve(options.file));
  try {
    const folder = holdFolder(options.dataDir);
    try {
      return restoreInto(folder, opened, options);
    } catch (error) {
      throw folderError(error, folder.path);
    } finally {
      folder.release();
    }
  } finally {
    closeSync(opened.handle);
  }
};
