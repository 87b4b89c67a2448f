import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";
import { runFolder } from "./folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test("a script is laid out whole, with its folders and with names that end like temporary ones", async () => {
  const folder = runFolder(temporaryFolder(), "run-1");
  const files = new Map([
    ["locustfile.py.part", bytes("part")],
    ["locustfile.py", bytes("script")],
    ["common/users.py", bytes("users")],
    ["common/data/a.bin", Uint8Array.of(0, 255)],
  ]);
  await folder.write(files);
  for (const [path, content] of files) {
    expect([...readFileSync(join(folder.script, path))]).toEqual([...content]);
  }
  expect(readdirSync(folder.path).toSorted()).toEqual(["script", "tmp"]);
  await folder.remove();
  expect(existsSync(folder.path)).toBe(false);
});

test("what a killed server left of a script is replaced, and a whole script stays", async () => {
  const folder = runFolder(temporaryFolder(), "run-1");
  const part = join(folder.path, "script.part");
  mkdirSync(part, { recursive: true });
  writeFileSync(join(part, "locustfile.py"), "torn");
  writeFileSync(join(part, "other.py"), "torn");
  await folder.write(new Map([["locustfile.py", bytes("whole")]]));
  expect(readdirSync(folder.script)).toEqual(["locustfile.py"]);
  writeFileSync(join(folder.script, "made-by-the-run.csv"), "1");
  await folder.write(new Map([["locustfile.py", bytes("whole")]]));
  expect(readdirSync(folder.script).toSorted()).toEqual(["locustfile.py", "made-by-the-run.csv"]);
});

test("nothing is written outside of the script's folder", async () => {
  const root = temporaryFolder();
  const folder = runFolder(root, "run-1");
  for (const path of ["../x", "/tmp/x", "a/../../x", "."]) {
    await expect(folder.write(new Map([[path, bytes("x")]]))).rejects.toThrow("leaves");
  }
  expect(existsSync(join(folder.path, "x"))).toBe(false);
  expect(existsSync(folder.script)).toBe(false);
});
