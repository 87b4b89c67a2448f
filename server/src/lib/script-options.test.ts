import { describe, expect, test } from "vitest";
import { assertOptions, optionsOfRun, withSecretsMarked } from "./script-options.ts";

const option = (name: string, more: object = {}) => ({
  name,
  flags: [`--${name}`],
  type: "text" as const,
  required: false,
  secret: false,
  ...more,
});
const known = {
  options: [
    option("category"),
    option("page", { type: "number", whole: true }),
    option("ratio", { type: "number" }),
    option("fast", { type: "boolean" }),
    option("kind", { type: "choice", choices: ["new", "used", "5"] }),
    option("ids", { multiple: true }),
    option("api_key", { secret: true }),
  ],
  locustOptions: ["num_users", "users", "otel"],
};

const faultsOf = (run: () => unknown): unknown => {
  try {
    run();
    return [];
  } catch (error) {
    return (error as { fields: unknown }).fields;
  }
};

describe("options of a script", () => {
  test("that it has, with values that it takes", () => {
    assertOptions(
      { category: "toys", page: 5, ratio: "0.5", fast: false, kind: 5, ids: ["a"], api_key: "x" },
      known,
    );
  });

  test.each([
    [
      { categry: "x" },
      'is no option that the script adds (did you mean "category"?); it adds api_key, category, fast, ids, kind, page, ratio',
    ],
    [{ "api-key": "x" }, 'is no option that the script adds (did you mean "api_key"?); it adds'],
    [{ otel: true }, "is an option of Locust, which the run itself decides; leave it out"],
    [{ page: "many" }, "must be a number"],
    [{ page: 1.5 }, "must be a whole number"],
    [{ ratio: "" }, "must be a number"],
    [{ ratio: true }, "must be a number"],
    [{ fast: "true" }, "must be true or false"],
    [{ kind: "usd" }, 'must be one of new, used, 5 (did you mean "used"?)'],
    [{ ids: "a" }, "must be a list"],
    [{ category: ["a"] }, "must be one value, not a list"],
  ])("%j is refused with its name", (values, message) => {
    const [name] = Object.keys(values);
    expect(faultsOf(() => assertOptions(values, known))).toEqual([
      { field: `scriptOptions.${name}`, message: expect.stringContaining(message) },
    ]);
  });

  test("that it cannot do without must be there", () => {
    const needs = { ...known, options: [...known.options, option("shop", { required: true })] };
    assertOptions({ shop: "x" }, needs);
    expect(faultsOf(() => assertOptions({ page: 1 }, needs))).toEqual([
      { field: "scriptOptions.shop", message: "is required by the script" },
    ]);
  });

  test("of a run are those of the load test and its own, and only what a run may have", () => {
    const ofLoadTest = { category: "toys", api_key: { secret: "k" } };
    expect(optionsOfRun({ category: "books" }, ofLoadTest)).toEqual({
      category: "books",
      api_key: "k",
    });
    expect(optionsOfRun({}, {})).toBeUndefined();
    const migrated = (values: object) => faultsOf(() => optionsOfRun(undefined, { ...values }));
    expect(migrated({ a: { b: 1 } })).toEqual([
      {
        field: "scriptOptions.a",
        message: "must be a text, a number, true, false, or a list of texts",
      },
    ]);
    expect(migrated({ users: 3 })).toEqual([
      { field: "scriptOptions.users", message: expect.stringContaining("an option of Locust") },
    ]);
  });

  test("are shown only where the script is known not to call them secret", () => {
    const values = { category: "toys", api_key: "k", other: 1 };
    expect(withSecretsMarked(values, known)).toEqual({
      category: "toys",
      api_key: { secret: "k" },
      other: { secret: 1 },
    });
    expect(withSecretsMarked({ category: "toys" }, undefined)).toEqual({
      category: { secret: "toys" },
    });
  });
});
