import { expect, test } from "vitest";
import { mayIn, scopesOf } from "./permissions.ts";

const me = {
  grants: [
    { scope: { accountId: "a", orgId: "o" }, permissions: ["loadTests.write" as const] },
    { scope: {}, permissions: ["runs.start" as const] },
  ],
};

test("who may write in one org may not write in the whole account, but somewhere within it", () => {
  expect(mayIn(me, "loadTests.write", { accountId: "a" })).toBe(false);
  expect(scopesOf(me, "loadTests.write", {})).toEqual([{ accountId: "a", orgId: "o" }]);
  expect(scopesOf(me, "loadTests.write", { accountId: "a" })).toEqual([
    { accountId: "a", orgId: "o" },
  ]);
  const project = { accountId: "a", orgId: "o", projectId: "p" };
  expect(scopesOf(me, "loadTests.write", project)).toEqual([project]);
  expect(scopesOf(me, "loadTests.write", { accountId: "b" })).toEqual([]);
  expect(scopesOf(me, "runs.keep", {})).toEqual([]);
});
