import { buffer } from "node:stream/consumers";
import { ZipFile } from "yazl";

/** A zip archive of files. */
export const zipOf = async (
  files: ReadonlyMap<string, Buffer>,
): Promise<Uint8Array<ArrayBuffer>> => {
  const zip = new ZipFile();
  for (const [path, content] of files) {
    zip.addBuffer(content, path, { mode: 0o100644 });
  }
  zip.end();
  return Uint8Array.from(await buffer(zip.outputStream));
};
