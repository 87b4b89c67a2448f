import { AppError } from "../../lib/errors.ts";

const NOTHING = new Uint8Array(0);
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export const malformed = (what: string): AppError =>
  new AppError("validation", `The batch is malformed: ${what}.`, {
    fields: [{ field: "body", message: what }],
  });

/** Reads what `locust-plugin/PROTOCOL.md` calls bytes, varints and strings. Throws AppError validation past the end. */
export class ByteReader {
  readonly bytes: Uint8Array;
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

  /** Unsigned LEB128 up to 2^53 - 1. */
  varint(): number {
    // Most are one byte long.
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

  take(length: number): Uint8Array {
    if (length === 0) return NOTHING;
    if (length > this.end - this.at) throw malformed("a part is longer than what holds it");
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  /** Where what is passed over begins. */
  skip(length: number): number {
    if (length > this.end - this.at) throw malformed("a part is longer than what holds it");
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

/** Writes the same. */
export class ByteWriter {
  private bytes: Uint8Array = new Uint8Array(256);
  private length = 0;

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(value: number): this {
    this.room(1);
    this.bytes[this.length] = value;
    this.length += 1;
    return this;
  }

  varint(value: number): this {
    this.room(8);
    let left = value;
    while (left >= 0x80) {
      this.bytes[this.length] = (left % 128) | 0x80;
      this.length += 1;
      left = Math.floor(left / 128);
    }
    this.bytes[this.length] = left;
    this.length += 1;
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.room(bytes.length);
    this.bytes.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** Length, then the bytes. */
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
