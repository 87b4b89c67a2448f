import { AppError } from "../../lib/errors.ts";

const EMPTY = new Uint8Array(0);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The error for a batch that cannot be decoded; `problem` completes "The batch is malformed: …". */
export const malformed = (problem: string): AppError =>
  new AppError("validation", `The batch is malformed: ${problem}.`, {
    fields: [{ field: "body", message: problem }],
  });

/** A whole number as an unsigned one: 0, -1, 1, -2 … as 0, 1, 2, 3 … */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
export const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Reads the primitives of `locust-plugin/PROTOCOL.md`: bytes, varints, strings. Throws AppError validation at the end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  /** The offset of the next byte. */
  at: number;
  readonly end: number;

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = end;
  }

  get done(): boolean {
    return this.at >= this.end;
  }

  byte(): number {
    if (this.at >= this.end) throw malformed("it ends too early");
    const value = this.bytes[this.at] ?? 0;
    this.at += 1;
    return value;
  }

  /** An unsigned LEB128 number up to 2^53 - 1. */
  varint(): number {
    // Most varints are one byte long.
    const first = this.at < this.end ? (this.bytes[this.at] ?? 0) : 0x80;
    if (first < 0x80) {
      this.at += 1;
      return first;
    }
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw malformed("a number is too large");
      if (byte < 0x80) return value;
      scale *= 128;
    }
  }

  /** The next bytes, as a view of the same memory. */
  take(length: number): Uint8Array {
    if (length === 0) return EMPTY;
    if (length > this.end - this.at) throw malformed("a part is longer than its container");
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** Skips bytes; → the offset of the first one. */
  skip(length: number): number {
    if (length > this.end - this.at) throw malformed("a part is longer than its container");
    this.at += length;
    return this.at - length;
  }

  text(): string {
    return decoder.decode(this.take(this.varint()));
  }

  rest(): Uint8Array {
    return this.take(this.end - this.at);
  }
}

/** Writes what `ByteReader` reads. */
export class ByteWriter {
  private bytes: Uint8Array = new Uint8Array(256);
  private length = 0;

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): this {
    this.reserve(1);
    this.bytes[this.length] = value;
    this.length += 1;
    return this;
  }

  varint(value: number): this {
    this.reserve(8);
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.length] = (rest % 128) | 0x80;
      this.length += 1;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.length] = rest;
    this.length += 1;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** The length as a varint, then the bytes. */
  block(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  text(value: string): this {
    return this.block(encoder.encode(value));
  }

  finish(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }
}
