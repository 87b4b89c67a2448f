import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { fenceOf, observationOf } from "./observation.ts";
import type { PluginStatus } from "./client.ts";

test.each([
  ["tells it", { fence: 9, run: { fence: 7 } }, 9],
  ["is older and tells its last run's only", { run: { fence: 7 } }, 7],
  ["is older and has had no run", { run: null }, 0],
])("the highest fence of a plugin that %s", (_, status, fence) => {
  expect(fenceOf(status as PluginStatus)).toBe(fence);
});

test("a run that was started at Locust is known by its key before the plugin has heard its name", () => {
  const unnamed = { runId: null, phase: "running", requests: 3, workersLost: [] };
  const status = { masterInstanceId: "b", workers: [], run: { ...unnamed, saturated: [] } };
  const kindOf = (externalKey: string): string =>
    observationOf(runOf({ externalKey }), status as unknown as PluginStatus, 1).kind;
  expect([kindOf("b:1"), kindOf("c:1")]).toEqual(["load", "foreign"]);
});
