import { expect, test } from "vitest";
import { zipOf, type ZipEntry } from "./testing/zip.ts";
import { sourceOfZip } from "./unzip.ts";

const LOCUSTFILE = { path: "locustfile.py", content: "x = 1\n" };

const textsOf = async (entries: readonly ZipEntry[], entrypoint?: string) => {
  const { files } = await sourceOfZip(zipOf(entries), entrypoint);
  return Object.fromEntries(
    [...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString()]),
  );
};

test("an archive's files come with their paths and bytes; folders have no entry of their own", async () => {
  const bytes = Uint8Array.of(0, 255, 10, 13);
  const { files, entrypoint } = await sourceOfZip(
    zipOf([
      LOCUSTFILE,
      { path: "data/", mode: 0o040755 },
      { path: "data/é.bin", content: bytes, method: 0 },
      { path: "empty", content: "", mode: 0 },
    ]),
  );
  expect([entrypoint, [...files.keys()]]).toEqual([
    "locustfile.py",
    ["locustfile.py", "data/é.bin", "empty"],
  ]);
  expect([...(files.get("data/é.bin") ?? [])]).toEqual([...bytes]);
  expect(files.get("empty")?.length).toBe(0);
});

test("one folder at the top is stripped, unless the entrypoint names it or something is beside it", async () => {
  const inFolder = [
    { path: "shop-main/", mode: 0o040755 },
    { path: "shop-main/locustfile.py", content: "a" },
    { path: "shop-main/common/x.py", content: "b" },
    { path: "__MACOSX/shop-main/._x.py", content: "junk" },
    { path: "shop-main/.DS_Store", content: "junk" },
  ];
  expect(await textsOf(inFolder)).toEqual({ "locustfile.py": "a", "common/x.py": "b" });
  expect(Object.keys(await textsOf(inFolder, "shop-main/locustfile.py"))).toEqual([
    "shop-main/locustfile.py",
    "shop-main/common/x.py",
  ]);
  const beside = [...inFolder, { path: "notes.txt" }];
  await expect(textsOf(beside)).rejects.toMatchObject({ fields: [{ field: "entrypoint" }] });
});

test.each<[string, readonly ZipEntry[], RegExp]>([
  ["a path upwards", [{ path: "../x.py" }], /"\.\.\/x\.py".*\.\./],
  ["a path upwards inside", [{ path: "a/../../x.py" }], /\.\./],
  ["an absolute path", [{ path: "/etc/cron.d/x" }], /relative/],
  ["a drive", [{ path: "C:/x.py" }], /drive letter/],
  ["backslashes", [{ path: "..\\x.py" }], /backslashes/],
  ["a folder upwards", [{ path: "../", mode: 0o040755 }], /\.\./],
  ["a link", [{ path: "passwd", content: "/etc/passwd", mode: 0o120777 }], /link/],
  ["a device", [{ path: "null", mode: 0o020666 }], /device/],
  ["an encrypted file", [{ path: "x", content: "x", flags: 1 }], /encrypted/],
  ["another method", [{ path: "x", content: "x", method: 12 }], /deflate/],
  ["the same path twice", [LOCUSTFILE], /twice/],
  ["paths that differ in case", [{ path: "Locustfile.py" }], /case/],
  ["a file that is a folder", [{ path: "a" }, { path: "a/b" }], /file and a folder/],
  ["a name that hides Locust", [{ path: "locust.py" }], /hide Locust/],
  ["a wrong checksum", [{ path: "x", content: "x", saysCrc: 1 }], /damaged/],
  ["more than it says", [{ path: "x", content: "x".repeat(100_000), saysSize: 10 }], /x/],
  ["less than it says", [{ path: "x", content: "x", saysSize: 1000 }], /x/],
  ["51 MiB by its directory", [{ path: "x", content: "x", saysSize: 51 << 20 }], /50 MiB/],
])("%s is refused", async (_, entries, message) => {
  const archive = zipOf([LOCUSTFILE, ...entries]);
  await expect(sourceOfZip(archive)).rejects.toMatchObject({
    kind: "validation",
    message: expect.stringMatching(message),
    fields: [{ field: "body" }],
  });
});

test("names that hide Locust are found below a top folder, too", async () => {
  const entries = [{ path: "p/locustfile.py" }, { path: "p/locust/__init__.py" }];
  await expect(textsOf(entries)).rejects.toThrow(/hide Locust/);
});

test("a bomb of many files that are small when packed is refused before anything is unpacked", async () => {
  const content = Buffer.alloc(1 << 20);
  const bomb = zipOf(Array.from({ length: 60 }, (_, index) => ({ path: `f${index}`, content })));
  expect(bomb.length).toBeLessThan(1 << 20);
  await expect(sourceOfZip(bomb)).rejects.toThrow(/50 MiB/);
  const many = Array.from({ length: 1001 }, (_, index) => ({ path: `f${index}` }));
  await expect(textsOf(many)).rejects.toThrow(/1000 files/);
});

test("what is no archive, or only a part of one, is refused", async () => {
  const whole = zipOf([LOCUSTFILE]);
  for (const bytes of [Buffer.from("no zip"), Buffer.alloc(0), whole.subarray(0, -5)]) {
    await expect(sourceOfZip(bytes)).rejects.toMatchObject({ fields: [{ field: "body" }] });
  }
});
