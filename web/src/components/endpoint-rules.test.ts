import { describe, expect, test } from "vitest";
import { isTextOf, lineOfRule, proposedRules, rulesOfText, textOfRules } from "./endpoint-rules.ts";

const RULES = [
  { pattern: "/products/top" },
  { pattern: "/products/*", name: "Product", method: "GET" },
  { pattern: "/search?q=*", name: "a = b" },
  { pattern: "/files/**", method: "POST" },
];
const TEXT = "/products/top\nGET /products/* = Product\n/search?q=* = a = b\nPOST /files/**";

describe("rules as text", () => {
  test("one a line, there and back", () => {
    expect(textOfRules(RULES)).toBe(TEXT);
    expect(rulesOfText(TEXT)).toEqual(RULES);
    expect(isTextOf(TEXT, RULES)).toBe(true);
  });

  test("empty lines and blanks around are left out, and errors name their line", () => {
    const text = "\n  /a/*  \n\nGET   /b/*  =  B \n";
    expect(rulesOfText(text)).toEqual([
      { pattern: "/a/*" },
      { pattern: "/b/*", name: "B", method: "GET" },
    ]);
    expect([lineOfRule(text, 0), lineOfRule(text, 1), lineOfRule(text, 2)]).toEqual([
      2,
      4,
      undefined,
    ]);
  });

  test("a line that is no method with a pattern is a pattern", () => {
    expect(rulesOfText("Order *\nGET\n= x")).toEqual([
      { pattern: "Order *" },
      { pattern: "GET" },
      { pattern: "= x" },
    ]);
  });

  test("rules that no text can say are told", () => {
    for (const rule of [
      { pattern: "/a", method: "grpc" },
      { pattern: "GET /a" },
      { pattern: " /a" },
      { pattern: "/a\n/b" },
      { pattern: "/a = b" },
    ]) {
      expect([rule, isTextOf(textOfRules([rule]), [rule])]).toEqual([rule, false]);
    }
  });
});

test("a proposal adds what is not there, and nothing of what it cannot read", () => {
  const data = { proposal: [{ pattern: "/products/*" }, { pattern: "/files/**" }, { x: 1 }, 5] };
  expect(proposedRules(data, RULES)).toEqual([
    { pattern: "/products/*" },
    { pattern: "/files/**" },
  ]);
  expect(proposedRules(data, [{ pattern: "/products/*" }])).toEqual([{ pattern: "/files/**" }]);
  expect([proposedRules({}, []), proposedRules(undefined, [])]).toEqual([[], []]);
});
