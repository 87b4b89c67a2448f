import { CreateRun, type RunAnswer } from "@load-manager/contract/api/run.ts";
import { expect, test } from "vitest";
import { againBodyOf } from "./run-again.ts";

const STAGES = [{ durationSeconds: 30, users: 5 }];
const RUN = {
  targetUrl: "http://127.0.0.1:1",
  tags: ["nightly"],
  scriptRevisionId: "r1",
  stopTimeoutSeconds: 5,
  autoStop: { enabled: false },
  userClasses: [{ name: "Reader", weight: 3 }],
  excludeTags: ["slow"],
  endpointGroups: [{ pattern: "/products/*" }],
  environment: { TOKEN: "***" },
  scriptOptions: { page: 2, api_key: "***" },
  workers: 2,
  criteria: [{ id: "c1", expression: "p95 < 500 ms", severity: "fail" }],
} as unknown as RunAnswer;
const settings = {
  targetUrl: RUN.targetUrl,
  tags: ["nightly"],
  scriptRevisionId: "r1",
  stopTimeoutSeconds: 5,
  autoStop: { enabled: false },
  userClasses: [{ name: "Reader", weight: 3 }],
  // None, whatever the load test has by now.
  includeTags: [],
  excludeTags: ["slow"],
  endpointGroups: [{ pattern: "/products/*" }],
  environment: { TOKEN: "***" },
  scriptOptions: { page: 2, api_key: "***" },
  workers: 2,
  criteria: [{ id: "c1", expression: "p95 < 500 ms", severity: "fail" }],
};

test("a run again has every setting of the run, with its load as its profile takes it", () => {
  const constant = {
    loadProfile: { kind: "constant" },
    targetUsers: 4,
    spawnRate: 2,
    durationSeconds: 30,
  } as const;
  expect(againBodyOf({ ...RUN, ...constant })).toEqual({ ...settings, ...constant });
  const stages = { kind: "stages", stages: STAGES } as const;
  const staged = { ...RUN, loadProfile: { ...stages, stages: [...STAGES] }, durationSeconds: 30 };
  expect(againBodyOf(staged)).toEqual({ ...settings, loadProfile: stages });
  const script = { loadProfile: { kind: "script" }, durationSeconds: 60 } as const;
  expect(againBodyOf({ ...RUN, ...script })).toEqual({ ...settings, ...script });
  expect(CreateRun.safeParse(againBodyOf(staged)).success).toBe(true);
});
