import { ProblemError } from "@load-manager/contract/api/http-client.ts";
import { CreateRun } from "@load-manager/contract/api/run.ts";
import { expect, test } from "vitest";
import { isStale, refusedFields, schemaErrors } from "./form-errors.ts";

test("what a schema refuses is said at its field, in the words of the server", () => {
  const body = {
    targetUsers: 0,
    name: "x".repeat(201),
    tags: ["a", ""],
    autoStop: { windowSeconds: 1 },
  };
  expect(schemaErrors(CreateRun, body)).toEqual({
    targetUsers: "must be a whole number of at least 1",
    name: "must be at most 200 characters long",
    "tags[1]": "must be at least 1 character long",
    "autoStop.windowSeconds": "must be a whole number of at least 5",
  });
  expect(schemaErrors(CreateRun, {})).toEqual({});
});

test("what the server refuses is said at its field; the first fault of a field counts", () => {
  const problem = {
    type: "https://load-manager.dev/problems/validation",
    title: "Invalid request",
    status: 400,
    detail: "name is taken.",
    errors: [
      { field: "name", message: "is taken" },
      { field: "name", message: "is odd" },
    ],
  };
  expect(refusedFields(new ProblemError(400, problem))).toEqual({ name: "is taken" });
  expect(refusedFields(new Error("away"))).toEqual({});
  expect(isStale(new ProblemError(412, undefined))).toBe(true);
  expect(isStale(new ProblemError(409, undefined))).toBe(false);
});
