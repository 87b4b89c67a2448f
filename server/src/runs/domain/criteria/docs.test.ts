import { readFileSync } from "node:fs";
import { parseExpression } from "@load-manager/contract/criteria/parse.ts";
import { expect, test } from "vitest";
import { DOUBTS, GROUPS } from "./doubts.ts";

const DOCS = readFileSync(new URL("../../../../../docs/criteria.md", import.meta.url), "utf8");

test("docs/criteria.md has the table of doubts", () => {
  const codes = Object.keys(DOUBTS) as (keyof typeof DOUBTS)[];
  const groups = Object.keys(GROUPS) as (keyof typeof GROUPS)[];
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const table = [
    `| ${row(codes)}`,
    `|${"---|".repeat(codes.length + 1)}`,
    ...groups.map((group) => row([GROUPS[group], ...codes.map((code) => DOUBTS[code][group])])),
  ];
  expect(DOCS).toContain(table.join("\n"));
});

test("every expression of docs/criteria.md can be read", () => {
  const { groups: { fences = "" } = {} } = /(?<fences>```json\n[^]*?\n```)/.exec(DOCS) ?? {};
  const [, fromOthers = ""] = DOCS.split("## From other tools");
  const cells = fromOthers
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | ")[1] ?? "");
  const texts = [
    ...[...fences.matchAll(/"expression": "([^"]+)"/g)].map(([, text = ""]) => text),
    ...cells.flatMap((cell) =>
      [...cell.matchAll(/`([^`…]+[<>=][^`…]+)`/g)].map(([, text = ""]) => text),
    ),
  ].filter((text) => !text.startsWith('"'));
  expect(texts.length).toBeGreaterThan(30);
  for (const text of texts)
    expect([text, parseExpression(text)]).toEqual([text, expect.objectContaining({ ok: true })]);
});
