import { expect, test } from "vitest";
import { covers, isSameScope, overlaps, scopeOf } from "./scope.ts";

const project = { accountId: "a", orgId: "o", projectId: "p" };
const staging = { ...project, envId: "staging" };

test("a filter covers its own scope and everything below", () => {
  expect(covers({}, project)).toBe(true);
  expect(covers({ accountId: "a" }, staging)).toBe(true);
  expect(covers(project, staging)).toBe(true);
  expect(covers(staging, staging)).toBe(true);
  expect(covers(staging, project)).toBe(false);
  expect(covers({ accountId: "b" }, project)).toBe(false);
});

test("two filters overlap where no level contradicts", () => {
  expect(overlaps(staging, { accountId: "a" })).toBe(true);
  expect(overlaps({ orgId: "o" }, { projectId: "p" })).toBe(true);
  expect(overlaps(staging, { ...project, envId: "live" })).toBe(false);
});

test("scopes are compared by their levels alone", () => {
  expect(isSameScope(staging, { ...staging })).toBe(true);
  expect(isSameScope(staging, project)).toBe(false);
  const loadTest = { ...project, envId: undefined, name: "Checkout" };
  expect(scopeOf(loadTest)).toStrictEqual(project);
});
