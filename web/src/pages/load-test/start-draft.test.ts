import type { LoadTestAnswer } from "@load-manager/contract/api/load-test.ts";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { expect, test } from "vitest";
import { followed, startBodyOf, startDraftOf, startErrors } from "./start-draft.ts";

const LOAD_TEST = {
  name: "Shop",
  targetUrl: "http://127.0.0.1:1",
  defaultUsers: 10,
  defaultSpawnRate: 2,
  defaultDurationSec: 60,
  maxDurationSec: 600,
  stopTimeoutSeconds: 10,
  loadProfile: { kind: "constant" },
} as unknown as LoadTestAnswer;
const STAGES = [{ durationSeconds: 30, users: 5, spawnRate: 1 }];
const RUN = {
  name: "Shop #3",
  runNumber: 3,
  targetUrl: "http://127.0.0.1:1",
  durationSeconds: 30,
  stopTimeoutSeconds: 5,
  loadProfile: { kind: "stages", stages: STAGES },
} as unknown as RunAnswer;

const load = { targetUsers: 10, spawnRate: 2, durationSeconds: 60 };
const targetUrl = "http://127.0.0.1:1";

test("without an earlier run a start is as the load test says", () => {
  const draft = startDraftOf(LOAD_TEST, undefined);
  expect(startBodyOf(draft, LOAD_TEST)).toEqual({ ...load, targetUrl });
  expect(startErrors(draft, LOAD_TEST)).toEqual({});
});

test("after a run with stages the next has them, and no users, spawn rate or duration", () => {
  const draft = startDraftOf(LOAD_TEST, RUN);
  expect(startBodyOf(draft, LOAD_TEST)).toEqual({
    targetUrl,
    stopTimeoutSeconds: 5,
    loadProfile: { kind: "stages", stages: STAGES },
  });
  // Constant again: the load test's own, since the run had none.
  const constant = { ...draft, profile: "constant" as const };
  expect(startBodyOf(constant, LOAD_TEST)).toEqual({ ...load, targetUrl, stopTimeoutSeconds: 5 });
});

test("with the script's shape a duration is a limit", () => {
  const draft = { ...startDraftOf(LOAD_TEST, undefined), profile: "script" as const };
  expect(startBodyOf(draft, LOAD_TEST)).toEqual({
    targetUrl,
    durationSeconds: 60,
    loadProfile: { kind: "script" },
  });
});

test("errors of stages are at their field; those of what the profile does not use are none", () => {
  const draft = {
    ...startDraftOf(LOAD_TEST, RUN),
    targetUsers: "0",
    duration: "20 min",
    stages: [
      { duration: "", users: "1.5", spawnRate: "0" },
      { duration: "soon", users: "0", spawnRate: "" },
    ],
  };
  expect(startErrors(draft, LOAD_TEST)).toEqual({
    "loadProfile.stages[0].durationSeconds": expect.stringMatching(/must be|is required/),
    "loadProfile.stages[0].users": "must be a whole number of at least 0",
    "loadProfile.stages[0].spawnRate": "must be a number above 0",
    "loadProfile.stages[1].durationSeconds": expect.stringContaining("must be a duration"),
  });
  expect(startErrors({ ...draft, profile: "constant" }, LOAD_TEST)).toEqual({
    targetUsers: "must be a whole number of at least 1",
    durationSeconds: "must be at most 10 min, the longest of this load test",
  });
});

test("what was as the load test says follows a change of it; what was chosen otherwise stays", () => {
  const draft = { ...startDraftOf(LOAD_TEST, undefined), targetUsers: "7" };
  const now = {
    ...LOAD_TEST,
    defaultUsers: 20,
    defaultSpawnRate: 5,
    userClasses: [{ name: "Reader" }],
    environment: { TOKEN: "***" },
  };
  const changes = followed(draft, LOAD_TEST, now);
  expect(Object.keys(changes).toSorted()).toEqual(["environment", "spawnRate", "userClasses"]);
  expect(startBodyOf({ ...draft, ...changes }, now)).toEqual({
    ...load,
    ...{ targetUsers: 7, spawnRate: 5 },
    targetUrl,
  });
  expect(followed(draft, LOAD_TEST, { ...LOAD_TEST, name: "Other" })).toEqual({});
});
