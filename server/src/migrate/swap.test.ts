import { describe, expect, test } from "vitest";
import { AppError } from "../lib/errors.ts";
import { pendingOf } from "./swap.ts";

describe("a recorded rename", () => {
  test.each([
    [["a"], {}, "rename"],
    [["b"], {}, "done"],
    [["a", "b"], { drop: true }, "drop"],
    [["b"], { drop: true }, "done"],
  ] as const)("what is left of a rename from a to b with %j there", (there, more, what) => {
    expect(pendingOf({ from: "a", to: "b", ...more }, new Set<string>(there))).toBe(what);
  });

  test.each([[["a", "b"]], [[]]])("a rename that cannot be is refused", (there) => {
    expect(() => pendingOf({ from: "a", to: "b" }, new Set(there))).toThrow(AppError);
  });
});
