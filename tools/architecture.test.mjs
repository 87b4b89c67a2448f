import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { importedFiles } from "./import-check.mjs";
import { TESTING } from "./imports.mjs";
import { capture, ROOT } from "./steps.mjs";

const read = (file) => readFileSync(join(ROOT, file), "utf8");
const architecture = read("ARCHITECTURE.md");
const sources = capture("git", ["ls-files"], { cwd: ROOT })
  .out.split("\n")
  .filter((file) => /\.(ts|tsx|mjs|js|py|go|sh)$/.test(file));
const folders = new Set(
  sources.filter((file) => file.includes("/")).map((file) => file.replace(/\/[^/]*$/, "")),
);

const quoted = (text) => [...text.matchAll(/`([^`]+)`/g)].map(([, name]) => name);

/** → the folders that the table of rooms names; `parts` are those that the text of a row names below its folder. */
const roomsOf = (text) => {
  const rooms = [];
  const parts = [];
  for (const [, names, what] of text.matchAll(/^\| (`.*?`) \| (.*) \|$/gm)) {
    const [first, ...others] = quoted(names).map((name) => name.replace(/\/$/, ""));
    const beside = first.includes("/") ? first.replace(/[^/]*$/, "") : "";
    rooms.push(first, ...others.map((name) => (name.includes("/") ? name : beside + name)));
    for (const name of quoted(what))
      if (/^\w[\w-]*\/$/.test(name)) parts.push(`${first}/${name.slice(0, -1)}`);
  }
  return { rooms, parts };
};

test("the table of rooms in ARCHITECTURE.md names each folder with sources", () => {
  const { rooms, parts } = roomsOf(architecture);
  const isNamed = (folder) => rooms.includes(folder) || parts.includes(folder);
  const isForTests = (folder) => TESTING.test(`${folder}/`);
  expect(folders.size).toBeGreaterThan(50);
  expect([...folders].filter((folder) => !isNamed(folder) && !isForTests(folder))).toEqual([]);
});

test("the table of rooms in ARCHITECTURE.md names no folder that is not there", () => {
  const files = capture("git", ["ls-files"], { cwd: ROOT }).out.split("\n");
  const isThere = (room) => files.some((file) => file.startsWith(`${room}/`));
  expect(roomsOf(architecture).rooms.filter((room) => !isThere(room))).toEqual([]);
});

test("no import goes to a layer that is further right in ARCHITECTURE.md", () => {
  const [, paragraph] = /^\*\*Layers\.\*\* ([\s\S]*?)\nA name/m.exec(architecture);
  const layers = paragraph.split("→").map((layer) =>
    quoted(layer).map((name) => {
      if (name === "contract" || name === "cli") return `${name}/src`;
      return `server/src/${name}`;
    }),
  );
  const layerOf = (file) =>
    layers
      .flatMap((names, at) => names.map((name) => ({ name, at })))
      .filter(({ name }) => file === name || file.startsWith(`${name}/`))
      .toSorted((a, b) => b.name.length - a.name.length)[0]?.at;
  const product = sources.filter((file) => /^(contract|server|cli)\/src\/.*\.ts$/.test(file));
  const wrong = product
    .filter((file) => !TESTING.test(file))
    .flatMap((file) => {
      const from = layerOf(file);
      if (from === undefined) return [`${file} is in no layer`];
      return importedFiles({ file, text: read(file) })
        .filter((target) => (layerOf(target) ?? 0) > from)
        .map((target) => `${file} imports ${target}`);
    });
  expect(wrong).toEqual([]);
});
