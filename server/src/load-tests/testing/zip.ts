import { crc32, deflateRawSync } from "node:zlib";

/** An entry as a test wants it, also against the rules. */
export type ZipEntry = {
  readonly path: string;
  readonly content?: string | Uint8Array;
  /** The mode of Unix; a link's content is its target. */
  readonly mode?: number;
  /** What the archive says of the size. */
  readonly saysSize?: number;
  readonly saysCrc?: number;
  /** 1: encrypted. */
  readonly flags?: number;
  /** 8: deflate. */
  readonly method?: number;
};

const UTF8_NAMES = 0x800;

const header = (size: number, fields: readonly [at: number, bytes: 2 | 4, value: number][]) => {
  const bytes = Buffer.alloc(size);
  for (const [at, width, value] of fields) bytes.writeUIntLE(value, at, width);
  return bytes;
};

/** A zip archive with these entries, in this order. */
export const zipOf = (entries: readonly ZipEntry[]): Buffer => {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, content = "", mode = 0o100644, method = 8, flags = 0, ...says } of entries) {
    const name = Buffer.from(path);
    const bytes = Buffer.from(content);
    const packed = method === 8 ? deflateRawSync(bytes) : bytes;
    const common = (at: number): [number, 2 | 4, number][] => [
      [at, 2, flags | UTF8_NAMES],
      [at + 2, 2, method],
      [at + 8, 4, says.saysCrc ?? crc32(bytes)],
      [at + 12, 4, packed.length],
      [at + 16, 4, says.saysSize ?? bytes.length],
      [at + 20, 2, name.length],
    ];
    const local = header(30, [[0, 4, 0x04034b50], [4, 2, 20], ...common(6)]);
    const central = header(46, [
      [0, 4, 0x02014b50],
      // Made on Unix.
      [4, 2, (3 << 8) | 20],
      [6, 2, 20],
      ...common(8),
      [38, 4, mode * 0x10000],
      [42, 4, offset],
    ]);
    parts.push(local, name, packed);
    directory.push(central, name);
    offset += local.length + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = header(22, [
    [0, 4, 0x06054b50],
    [8, 2, entries.length],
    [10, 2, entries.length],
    [12, 4, list.length],
    [16, 4, offset],
  ]);
  return Buffer.concat([...parts, list, end]);
};
