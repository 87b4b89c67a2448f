import { expect, test } from "vitest";
import { fenceOf } from "./plugin-observation.ts";
import type { PluginStatus } from "./plugin-client.ts";

test.each([
  ["tells it", { fence: 9, run: { fence: 7 } }, 9],
  ["is older and tells its last run's only", { run: { fence: 7 } }, 7],
  ["is older and has had no run", { run: null }, 0],
])("the highest fence of a plugin that %s", (_, status, fence) => {
  expect(fenceOf(status as PluginStatus)).toBe(fence);
});
