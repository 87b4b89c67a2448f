import { expect, test } from "vitest";
import { isFiltered, runFilterOf, runsSearchOf } from "./search.ts";

test("an address keeps what it may say, and nothing else", () => {
  expect(
    runsSearchOf({ status: ["Running", "Nonsense"], q: 42, since: "7d", from: 5, more: "x" }),
  ).toEqual({ status: ["Running"], q: "42", since: "7d" });
  expect(runsSearchOf({ status: "Failed", from: 5, to: "soon" })).toEqual({
    status: ["Failed"],
    from: 5,
  });
  expect(runsSearchOf({ verdict: ["failed", "none", "good"] })).toEqual({
    verdict: ["failed", "none"],
  });
});

test("the last hour begins at a whole minute", () => {
  const now = 7_200_000 + 12_345;
  expect(runFilterOf({ since: "1h", q: "cart" }, now)).toEqual({
    q: "cart",
    from: 3_600_000,
    limit: 50,
  });
});

test("a scope is no filter of the list", () => {
  expect(isFiltered({})).toBe(false);
  expect(isFiltered({ q: "x", scope: "acme" })).toBe(true);
  expect(isFiltered({ scope: "acme" })).toBe(false);
});
