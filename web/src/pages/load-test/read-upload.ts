import { SCRIPT_LIMITS } from "@load-manager/contract/model/script-paths.ts";
import { namesInZip, zipOf } from "../../lib/zip.ts";
import { filesAmong, type Upload } from "./upload.ts";

const IGNORE_FILE = ".load-manager-ignore";
/** Never part of a script, unless the ignore file takes it in again; the same as of `load-manager tests push`. */
const LEFT_OUT = [".git", "__pycache__", "*.pyc", ".venv", IGNORE_FILE];

type Found = { readonly path: string; readonly file: File };

/** An archive of a folder's files, without what its ignore file names. Rejects where there are too many, or too large. */
export const uploadOfFolder = async (name: string, found: readonly Found[]): Promise<Upload> => {
  const { default: ignore } = await import("ignore");
  const rules = ignore().add(LEFT_OUT);
  const ignoreFile = found.find(({ path }) => path === IGNORE_FILE);
  if (ignoreFile !== undefined) rules.add(await ignoreFile.file.text());
  const files = found.filter(({ path }) => !rules.ignores(path));
  if (files.length === 0) throw new Error("The folder has no files.");
  const bytes = files.reduce((sum, { file }) => sum + file.size, 0);
  if (files.length > SCRIPT_LIMITS.files || bytes > SCRIPT_LIMITS.bytes)
    throw new Error(
      `A script has at most ${SCRIPT_LIMITS.files} files and ${SCRIPT_LIMITS.bytes / (1 << 20)} MiB, and the folder has ${files.length} files and ${Math.ceil(bytes / (1 << 20))} MiB. Name what it does not need in ${IGNORE_FILE}.`,
    );
  const entries = await Promise.all(
    files.map(async ({ path, file }) => ({
      path,
      bytes: new Uint8Array(await file.arrayBuffer()),
    })),
  );
  return { name, archive: zipOf(entries), paths: entries.map(({ path }) => path) };
};

/** An archive as it is. Rejects where it is none. */
export const uploadOfZip = async (file: File): Promise<Upload> => {
  if (file.size > SCRIPT_LIMITS.bytes)
    throw new Error(`An archive has at most ${SCRIPT_LIMITS.bytes / (1 << 20)} MiB.`);
  const archive = new Uint8Array(await file.arrayBuffer());
  const names = namesInZip(archive);
  if (names === undefined) throw new Error(`${file.name} is not a zip archive.`);
  return { name: file.name, archive, paths: filesAmong(names) };
};

/** The files that a chooser of folders gives; their paths begin with the folder's name. */
export const filesOfChooser = (files: readonly File[]): { name: string; found: Found[] } => ({
  name: files[0]?.webkitRelativePath.split("/", 1)[0] ?? "",
  found: files.map((file) => ({
    path: file.webkitRelativePath.slice(file.webkitRelativePath.indexOf("/") + 1),
    file,
  })),
});

const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;

const fileOf = (entry: FileSystemFileEntry): Promise<File> =>
  new Promise((resolve, reject) => entry.file(resolve, reject));

const entriesOf = async (folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> => {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  // It gives some at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
};

const walk = async (folder: FileSystemDirectoryEntry, within = ""): Promise<Found[]> => {
  const parts = await Promise.all(
    (await entriesOf(folder)).map(async (entry): Promise<Found[]> => {
      const path = `${within}${entry.name}`;
      if (isFolder(entry)) return walk(entry, `${path}/`);
      return isFile(entry) ? [{ path, file: await fileOf(entry) }] : [];
    }),
  );
  return parts.flat();
};

/** Something that was dropped: a file that is on no file system has no entry. */
export type Dropped = FileSystemEntry | File;

const isZip = ({ name }: Dropped): boolean => /\.zip$/i.test(name);

/** What was dropped: one folder, or one archive. Rejects for anything else. */
export const uploadOfDrop = async (dropped: readonly Dropped[]): Promise<Upload> => {
  const [one] = dropped;
  if (dropped.length === 1 && one !== undefined) {
    if (one instanceof File) {
      if (isZip(one)) return uploadOfZip(one);
    } else if (isFolder(one)) return uploadOfFolder(one.name, await walk(one));
    else if (isFile(one) && isZip(one)) return uploadOfZip(await fileOf(one));
  }
  throw new Error("Drop one folder or one zip archive; it replaces all files of the script.");
};
