import { AUTO_STOP } from "@load-manager/contract/model/primitives.ts";
import { expect, test } from "vitest";
import { runIn, STARTED } from "../../testing/decide-fixtures.ts";
import { autoStopEvidence } from "./auto-stop.ts";

const from = STARTED / 1000;
const bad = { requests: 100, failures: 90, from, to: from + 60 };

test("auto-stop has the same rule as the plugin", () => {
  const running = runIn("Running");
  expect(autoStopEvidence(running, bad)).toEqual({
    requests: 100,
    failures: 90,
    failedPercent: 90,
    windowSeconds: 60,
    from: new Date(STARTED).toISOString(),
    to: new Date(STARTED + 60_000).toISOString(),
  });
  expect(autoStopEvidence(running, { ...bad, failures: 89 })).toBeUndefined();
  expect(autoStopEvidence(running, { ...bad, requests: 99, failures: 99 })).toBeUndefined();
  expect(autoStopEvidence(running, { ...bad, from: from - 1 })).toBeUndefined();
  expect(autoStopEvidence(running, undefined)).toBeUndefined();
  const off = runIn("Running", { autoStop: { ...AUTO_STOP, enabled: false } });
  expect(autoStopEvidence(off, bad)).toBeUndefined();
});

test("auto-stop needs as many requests as its settings say, also fewer than a criterion needs", () => {
  const run = runIn("Running", { autoStop: { ...AUTO_STOP, minRequests: 5 } });
  expect(autoStopEvidence(run, { ...bad, requests: 5, failures: 5 })).toMatchObject({
    failures: 5,
  });
  expect(autoStopEvidence(run, { ...bad, requests: 4, failures: 4 })).toBeUndefined();
});
