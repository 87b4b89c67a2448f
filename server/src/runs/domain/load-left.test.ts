import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { NO_CAPABILITIES } from "./capabilities.ts";
import { mayHaveLoadLeft, workersLeft } from "./load-left.ts";

const lost = runOf({
  status: "Failed",
  statusReason: { code: "master_lost", message: "gone" },
  startSent: { at: 1, capabilities: NO_CAPABILITIES },
  engine: { locustVersion: "2.47.0" },
  finishedAt: 1_000_000,
});

test.each([
  ["2.47.0", "end by themselves within a minute or so, by 1970-01-01T00:17:45.000Z", 1_065_000],
  ["3.0", "end by themselves within a minute", 1_065_000],
  ["2.19.0", "end by themselves within a minute", 1_065_000],
  ["2.18.4", "those of Locust 2.18.4 go on until somebody ends them", undefined],
  [undefined, "from Locust 2.19 on", undefined],
])("workers of a lost master with Locust %s", (locustVersion, message, until) => {
  const left = workersLeft({ ...lost, engine: { ...(locustVersion && { locustVersion }) } });
  expect(left?.message).toContain(message);
  expect(left?.until).toBe(until);
});

test.each([
  ["a master that had shown the end of its load", { loadEndSeenAt: 9 }],
  ["the plugin", { startSent: { at: 1, capabilities: { ...NO_CAPABILITIES, ownDeadline: true } } }],
  ["a run that never started", { startSent: undefined }],
  ["a master that lives", { statusReason: { code: "stop_not_confirmed", message: "" } }],
])("nothing is said of %s", (_, fields) => {
  expect(workersLeft({ ...lost, ...fields })).toBeUndefined();
});

test("a load that was seen to end is not left", () => {
  expect(mayHaveLoadLeft(lost)).toBe(true);
  expect(mayHaveLoadLeft({ ...lost, loadEndSeenAt: 9 })).toBe(false);
});
