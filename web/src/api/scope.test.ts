import { expect, test } from "vitest";
import { scopeOfText, textOfScope } from "./scope.ts";

test("a scope comes back from its text; what is no encoding stands for itself", () => {
  const scope = { accountId: "a/b", orgId: "100 %", projectId: "Ünï" };
  expect(scopeOfText(textOfScope(scope))).toEqual(scope);
  expect(scopeOfText("%E0%A4%A/web//prod")).toEqual({
    accountId: "%E0%A4%A",
    orgId: "web",
    envId: "prod",
  });
  expect(scopeOfText(undefined)).toEqual({});
});
