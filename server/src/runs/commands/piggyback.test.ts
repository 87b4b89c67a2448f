import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { commandsFor } from "./piggyback.ts";

test("figures of a run that was given up are answered with a stop; somebody else's load is left alone", () => {
  const types = (...changes: Parameters<typeof runOf>): string[] =>
    commandsFor(runOf(...changes)).map(({ type }) => type);
  expect(types({ status: "Failed" })).toEqual(["stop"]);
  expect(types({ status: "Failed", trigger: "external" })).toEqual([]);
  expect(types({ status: "Finished" })).toEqual([]);
});
