import { expect, test } from "vitest";
import { createScriptChecker } from "./check-script.ts";

test("an unknown encoding is an error of the first line", async () => {
  const entrypoint = "locustfile.py";
  const files = new Map([[entrypoint, Buffer.from("# coding: foo\n")]]);
  const { errors } = await createScriptChecker("python3")({ entrypoint, files });
  expect(errors).toEqual([{ file: entrypoint, line: 1, message: expect.stringContaining("foo") }]);
});
