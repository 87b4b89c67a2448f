const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

const crc32 = (bytes: Uint8Array): number => {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (TABLE[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
};

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_BYTES = 22;
const CENTRAL_BYTES = 46;
/** The longest comment after the directory. */
const MOST_COMMENT = 0xffff;
const VERSION = 20;
/** The flag of names in UTF-8. */
const UTF8 = 0x800;
/** The first of January 1980, the earliest date of the format. */
const DATE = 0x21;

/** Numbers in little-endian order, each with its bytes. */
const packed = (...fields: readonly (readonly [value: number, bytes: 2 | 4])[]): Uint8Array => {
  const bytes = new Uint8Array(fields.reduce((sum, [, length]) => sum + length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [value, length] of fields) {
    if (length === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += length;
  }
  return bytes;
};

type Entry = { readonly path: string; readonly bytes: Uint8Array };

/** A zip archive of files, not compressed (APPNOTE.TXT 6.3, method 0). Below 4 GiB and 65,536 files. */
export const zipOf = (entries: readonly Entry[]): Uint8Array<ArrayBuffer> => {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { path, bytes } of entries) {
    const name = new TextEncoder().encode(path);
    const shared = [
      ...([
        [VERSION, 2],
        [UTF8, 2],
        [0, 2],
        [0, 2],
        [DATE, 2],
      ] as const),
      ...([
        [crc32(bytes), 4],
        [bytes.length, 4],
        [bytes.length, 4],
      ] as const),
      ...([
        [name.length, 2],
        [0, 2],
      ] as const),
    ] as const;
    const head = packed([LOCAL, 4], ...shared);
    parts.push(head, name, bytes);
    const rest = [
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [at, 4],
    ] as const;
    directory.push(packed([CENTRAL, 4], [VERSION, 2], ...shared, ...rest), name);
    at += head.length + name.length + bytes.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const count = entries.length;
  const end = packed([END, 4], [0, 2], [0, 2], [count, 2], [count, 2], [size, 4], [at, 4], [0, 2]);
  const archive = new Uint8Array(at + size + end.length);
  let written = 0;
  for (const part of [...parts, ...directory, end]) {
    archive.set(part, written);
    written += part.length;
  }
  return archive;
};

/** The names in the directory of an archive; `undefined` where it has none that can be read. */
export const namesInZip = (archive: Uint8Array): string[] | undefined => {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.length);
  let end = archive.length - END_BYTES;
  const first = Math.max(0, end - MOST_COMMENT);
  while (end >= first && view.getUint32(end, true) !== END) end -= 1;
  if (end < first) return undefined;
  const names: string[] = [];
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    if (at + CENTRAL_BYTES > end || view.getUint32(at, true) !== CENTRAL) return undefined;
    const [name, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const from = at + CENTRAL_BYTES;
    names.push(new TextDecoder().decode(archive.subarray(from, from + (name ?? 0))));
    at = from + (name ?? 0) + (extra ?? 0) + (comment ?? 0);
  }
  return names;
};
