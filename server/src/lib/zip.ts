import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";

/** A zip archive of files, in the order of their paths; every file has the same time. */
export const zipOf = async (
  files: ReadonlyMap<string, Uint8Array>,
  mtime: Date,
): Promise<Uint8Array<ArrayBuffer>> => {
  const zip = new ZipFile();
  for (const [path, content] of [...files].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    zip.addBuffer(Buffer.from(content), path, { mode: 0o100644, mtime });
  }
  zip.end();
  return Uint8Array.from(await buffer(zip.outputStream));
};
