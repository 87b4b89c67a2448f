import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { COLLECTIONS } from "./indexes.ts";

const ROOT = new URL("../../../../", import.meta.url);
const DOCS = readFileSync(new URL("docs/mongodb.md", ROOT), "utf8");
const lines = DOCS.split("\n");

test("docs/mongodb.md has every collection and index, with its fields", () => {
  const expected: string[] = [];
  for (const [collection, indexes] of Object.entries(COLLECTIONS)) {
    expect(lines.filter((line) => line.startsWith(`| \`${collection}\` | `)).length).toBe(
      1 + indexes.length,
    );
    for (const { name, key, unique } of indexes) {
      const fields = Object.keys(key).join(", ");
      expected.push(`| \`${collection}\` | \`${name}\` | ${fields}${unique ? ", unique" : ""} |`);
    }
  }
  expect(lines.filter((line) => /^\| `\w+` \| `\w+_idx` \|/.test(line))).toEqual(expected);
});

test("docs/mongodb.md has every operator and method that is used", () => {
  const folder = new URL("server/src/stores/mongo/", ROOT);
  const sources = readdirSync(folder)
    .filter((name) => name.endsWith(".ts") && !/test/.test(name))
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .join("\n");
  const operators = new Set(
    [...sources.matchAll(/(?<![\w\\])\$[a-z]+[A-Za-z]*(?=\b)(?!\{)/g)].map(([one]) => one),
  );
  expect(operators.size).toBeGreaterThan(10);
  for (const operator of operators) expect(DOCS).toContain(`\`${operator}\``);
  const methods = new Set(
    [...sources.matchAll(/\.(findOneAnd\w+|update\w+|replaceOne|count\w+|estimated\w+)\(/g)].map(
      ([, name]) => name,
    ),
  );
  for (const method of methods) expect(DOCS).toContain(`\`${method}\``);
  expect(sources).not.toMatch(/\.(aggregate|watch|startSession|bulkWrite|distinct)\(/);
});
