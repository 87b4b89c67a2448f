import { closeSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";

/** The part of the tar format (POSIX ustar) that a few plain files need; `tar xf` reads it. */
const BLOCK = 512;
const CHUNK = 1 << 20;
/** The largest size in eleven octal digits; a larger one is binary, as in GNU tar. */
const OCTAL_MOST = 8 ** 11;

const header = (name: string, size: number): Buffer => {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100, "utf8");
  block.write("0000600\0", 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  if (size < OCTAL_MOST) block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else {
    block[124] = 0x80;
    block.writeBigUInt64BE(BigInt(size), 128);
  }
  block.write("00000000000\0", 136);
  block.write("        ", 148);
  block.write("0", 156);
  block.write("ustar\0", 257);
  block.write("00", 263);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
};

const padding = (size: number): Buffer => Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);

const writeAll = (handle: number, bytes: Uint8Array): void => {
  for (let at = 0; at < bytes.byteLength;) at += writeSync(handle, bytes, at);
};

/** The bytes of a file, or of a part of it, piece by piece. A piece is true until the next one. */
export const piecesOf = function* (
  handle: number,
  from: number,
  size: number,
): Generator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, size)));
  for (let at = 0; at < size;) {
    const read = readSync(handle, buffer, 0, Math.min(buffer.length, size - at), from + at);
    if (read === 0) return;
    at += read;
    yield buffer.subarray(0, read);
  }
};

export type Entry = { readonly name: string; readonly size: number };

/** A tar file on the disk when `finish` returns. */
export const writeTar = (file: string) => {
  const handle = openSync(file, "w", 0o600);
  return {
    add: ({ name, size }: Entry, pieces: Iterable<Uint8Array>): void => {
      writeAll(handle, header(name, size));
      for (const piece of pieces) writeAll(handle, piece);
      writeAll(handle, padding(size));
    },
    finish: (): void => {
      writeAll(handle, Buffer.alloc(2 * BLOCK));
      fsyncSync(handle);
    },
    close: () => closeSync(handle),
  };
};

/** Where an entry's bytes are in the file. */
export type Found = Entry & { readonly at: number };

/** The entries of a tar file, or undefined where it is none, or ends too early. */
export const readTar = (handle: number, fileSize: number): Found[] | undefined => {
  const entries: Found[] = [];
  const block = Buffer.alloc(BLOCK);
  for (let at = 0; ;) {
    if (readSync(handle, block, 0, BLOCK, at) < BLOCK) return undefined;
    at += BLOCK;
    if (block.every((byte) => byte === 0)) return entries;
    const stored = Number.parseInt(block.toString("latin1", 148, 156), 8);
    block.fill(" ", 148, 156);
    const isHeader =
      block.toString("latin1", 257, 262) === "ustar" &&
      stored === block.reduce((total, byte) => total + byte, 0);
    if (!isHeader) return undefined;
    const size =
      block[124] === 0x80
        ? Number(block.readBigUInt64BE(128))
        : Number.parseInt(block.toString("latin1", 124, 136), 8);
    const name = block.toString("utf8", 0, 100).replace(/\0.*$/s, "");
    if (!Number.isSafeInteger(size) || at + size > fileSize) return undefined;
    entries.push({ name, size, at });
    at += size + padding(size).byteLength;
  }
};
