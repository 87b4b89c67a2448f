import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { manifestOf, manifestOfOne } from "./script-manifest.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const hash = (text: string) => createHash("sha256").update(text).digest("hex");
const shaOf = (files: Record<string, string>, entrypoint?: string) =>
  manifestOf(new Map(Object.entries(files).map(([path, text]) => [path, bytes(text)])), entrypoint)
    .sha256;

test("one file has the hash that revisions of one file have always had", () => {
  const { entrypoint, files, sha256 } = manifestOfOne(bytes("x = 1\n"));
  expect([entrypoint, files]).toEqual([
    "locustfile.py",
    [{ path: "locustfile.py", size: 6, sha256: hash("x = 1\n") }],
  ]);
  expect(sha256).toBe(hash(`locustfile.py\0${hash("x = 1\n")}\n`));
});

test("the hash is that of the files by path, whatever their order, and of what Locust runs", () => {
  const one = { "locustfile.py": "a", "common/b.py": "b" };
  const sha256 = hash(`common/b.py\0${hash("b")}\nlocustfile.py\0${hash("a")}\n`);
  expect(shaOf(one)).toBe(sha256);
  expect(shaOf({ "common/b.py": "b", "locustfile.py": "a" })).toBe(sha256);
  const others = [
    shaOf({ ...one, "c.csv": "" }),
    shaOf({ ...one, "common/b.py": "c" }),
    shaOf({ "locustfile.py": "a", "b.py": "b" }),
    shaOf(one, "common/b.py"),
  ];
  expect(new Set([sha256, ...others]).size).toBe(5);
});
