import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { commandsFor } from "./piggyback.ts";

test("metrics of a Failed run are answered with a stop, but not those of an external or a Finished run", () => {
  const types = (...changes: Parameters<typeof runOf>): string[] =>
    commandsFor(runOf(...changes)).map(({ type }) => type);
  expect(types({ status: "Failed" })).toEqual(["stop"]);
  expect(types({ status: "Failed", trigger: "external" })).toEqual([]);
  expect(types({ status: "Finished" })).toEqual([]);
});
