import { expect, test } from "vitest";
import { namesInZip, zipOf } from "./zip.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("an archive has every file with its checksum, and its directory their names", () => {
  const archive = zipOf([
    { path: "a.py", bytes: bytes("123456789") },
    { path: "daten/ä.csv", bytes: new Uint8Array() },
  ]);
  expect(namesInZip(archive)).toEqual(["a.py", "daten/ä.csv"]);
  const view = new DataView(archive.buffer);
  // The check value of CRC-32.
  expect(view.getUint32(14, true)).toBe(0xcbf43926);
  expect(new TextDecoder().decode(archive.subarray(34, 43))).toBe("123456789");
});

test("what is no archive, or is cut off, has no names", () => {
  expect(namesInZip(bytes("not a zip archive at all, but long enough"))).toBeUndefined();
  const archive = zipOf([{ path: "a.py", bytes: bytes("a") }]);
  expect(namesInZip(archive.subarray(0, archive.length - 10))).toBeUndefined();
  expect(namesInZip(archive.subarray(10))).toBeUndefined();
});
