import { expect, test } from "vitest";
import { capabilitiesOf } from "./capabilities.ts";

const unreachable = { kind: "unreachable", message: "away", refused: false } as const;

test("an unreachable cluster has the capabilities that the start or the registration stored", () => {
  const startSent = {
    at: 1,
    capabilities: { restartSafeStart: true, ownDeadline: true, finalReport: true },
  };
  expect(capabilitiesOf({ startSent }, unreachable)).toBe(startSent.capabilities);
  expect(capabilitiesOf({ engine: { pluginVersion: "0.1.0" } }, unreachable)).toEqual({
    restartSafeStart: false,
    ownDeadline: true,
    finalReport: true,
  });
  expect(capabilitiesOf({}, unreachable).ownDeadline).toBe(false);
});
