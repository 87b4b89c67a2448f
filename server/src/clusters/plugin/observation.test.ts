import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { fenceOf, observationOf } from "./observation.ts";
import type { PluginStatus } from "@load-manager/contract/plugin/status.ts";

test.each([
  ["reports it", { fence: 9, run: { fence: 7 } }, 9],
  ["is older and reports only that of its last run", { run: { fence: 7 } }, 7],
  ["is older and has had no run", { run: null }, 0],
])("the highest fence of a plugin that %s", (_, status, fence) => {
  expect(fenceOf(status as PluginStatus)).toBe(fence);
});

test("a run that was started at Locust is matched by its external key before the plugin has its run id", () => {
  const unnamed = { runId: null, phase: "running", requests: 3, workersLost: [] };
  const status = { masterInstanceId: "b", workers: [], run: { ...unnamed, saturated: [] } };
  const kindOf = (externalKey: string): string =>
    observationOf(runOf({ externalKey }), status as unknown as PluginStatus, 1).kind;
  expect([kindOf("b:1"), kindOf("c:1")]).toEqual(["load", "foreign"]);
});
