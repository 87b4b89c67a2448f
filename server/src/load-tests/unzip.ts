import { crc32 } from "node:zlib";
import {
  conflictingPaths,
  DEFAULT_ENTRYPOINT,
  pathFormFault,
  SCRIPT_LIMITS,
  scriptPathFault,
} from "@load-manager/contract/model/script-paths.ts";
import { type Entry, fromBufferPromise, getFileNameLowLevel, type ZipFile } from "yauzl";
import { AppError, invalid, messageOf } from "../lib/errors.ts";
import type { ScriptSource } from "./script-source.ts";

/** The field of refusals: an archive is the whole body. */
const FIELD = "body";
const MOST_MIB = SCRIPT_LIMITS.bytes / (1 << 20);
/** Folders may have entries of their own. */
const MOST_ENTRIES = 4 * SCRIPT_LIMITS.files;

/** Bits of the mode that Unix keeps in an entry's external attributes, for the kind of file. */
const KIND = 0o17_0000;
const REGULAR = 0o10_0000;
const FOLDER = 0o04_0000;

const refuse = (path: string, message: string): AppError =>
  invalid(FIELD, `has ${JSON.stringify(path)}, which ${message}`);

/** Programs add these by themselves, beside what the script is. */
const isLeftOut = (path: string): boolean =>
  path.startsWith("__MACOSX/") || path === ".DS_Store" || path.endsWith("/.DS_Store");

/** The name as the archive has it: backslashes stay, and the contract's rules refuse them. */
const pathOf = (entry: Entry): string =>
  getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);

/** The path of a file; `undefined` for a folder and for what is left out. Throws for whatever is no file of a script. */
const acceptedPath = (entry: Entry): string | undefined => {
  const path = pathOf(entry);
  const isFolder = path.endsWith("/");
  // Whether it hides a module of Python is known when a folder at the top has been stripped.
  const fault = pathFormFault(isFolder ? path.slice(0, -1) : path);
  if (fault !== undefined) throw refuse(path, fault);
  const kind = (entry.externalFileAttributes >>> 16) & KIND;
  if (kind !== 0 && kind !== REGULAR && kind !== FOLDER) {
    throw refuse(path, "is a link or a device; only files and folders are accepted");
  }
  if (isFolder || isLeftOut(path)) return undefined;
  if (entry.isEncrypted()) throw refuse(path, "is encrypted");
  if (!entry.canDecodeFileData()) {
    throw refuse(path, "is compressed by a method other than deflate");
  }
  return path;
};

/** Every file of the archive's directory, before any is unpacked. */
const accepted = async (zip: ZipFile): Promise<{ path: string; entry: Entry }[]> => {
  if (zip.entryCount > MOST_ENTRIES) throw tooMany();
  const found: { path: string; entry: Entry }[] = [];
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const path = acceptedPath(entry);
    if (path === undefined) continue;
    found.push({ path, entry });
    bytes += entry.uncompressedSize;
    if (found.length > SCRIPT_LIMITS.files) throw tooMany();
    if (bytes > SCRIPT_LIMITS.bytes) {
      throw invalid(FIELD, `must be at most ${MOST_MIB} MiB when unpacked`);
    }
  }
  return found;
};

const tooMany = (): AppError => invalid(FIELD, `must have at most ${SCRIPT_LIMITS.files} files`);

/** Fails as soon as there is more than the directory says, so the sum that was checked is the most that is unpacked. */
const unpacked = async (zip: ZipFile, path: string, entry: Entry): Promise<Uint8Array> => {
  const content = new Uint8Array(entry.uncompressedSize);
  let length = 0;
  const stream = await zip.openReadStreamPromise(entry);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (length + chunk.length > content.length) throw refuse(path, "is larger than it says");
    content.set(chunk, length);
    length += chunk.length;
  }
  if (length < content.length || crc32(content) !== entry.crc32) throw refuse(path, "is damaged");
  return content;
};

/** The folder that holds everything, with its /; empty where there is none, or where the entrypoint names it. */
const topFolder = (paths: readonly string[], entrypoint: string): string => {
  const [first = ""] = paths;
  const top = first.slice(0, first.indexOf("/") + 1);
  const isShared = top !== "" && paths.every((path) => path.startsWith(top));
  return isShared && !paths.includes(entrypoint) ? top : "";
};

const read = async (bytes: Uint8Array): Promise<[string, Uint8Array][]> => {
  const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), {
    decodeStrings: false,
  });
  try {
    const contents: [string, Uint8Array][] = [];
    for (const { path, entry } of await accepted(zip)) {
      contents.push([path, await unpacked(zip, path, entry)]);
    }
    return contents;
  } finally {
    zip.close();
  }
};

/** The script in a zip archive. Rejects with AppError validation where it is none, or against the rules for paths and sizes. */
export const sourceOfZip = async (
  bytes: Uint8Array,
  entrypoint = DEFAULT_ENTRYPOINT,
): Promise<ScriptSource> => {
  const contents = await read(bytes).catch((error: unknown) => {
    if (error instanceof AppError) throw error;
    throw invalid(FIELD, `is not a zip archive that can be read: ${messageOf(error)}`);
  });
  const given = contents.map(([path]) => path);
  const top = topFolder(given, entrypoint);
  const paths = given.map((path) => path.slice(top.length));
  for (const path of paths) {
    const fault = scriptPathFault(path);
    if (fault !== undefined) throw refuse(path, fault);
  }
  const [conflict] = conflictingPaths(paths);
  if (conflict !== undefined) throw refuse(paths[conflict.index] ?? "", conflict.message);
  const files = new Map(contents.map(([, content], index) => [paths[index] ?? "", content]));
  if (!files.has(entrypoint)) {
    throw invalid("entrypoint", `must be one of the archive's files; there is no ${entrypoint}`);
  }
  return { entrypoint, files, fieldOf: () => FIELD };
};
