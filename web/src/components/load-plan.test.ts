import { plannedUsersAt } from "@load-manager/contract/model/load-profile.ts";
import { expect, test } from "vitest";
import { planOfRamp, planOfStages } from "./load-plan.ts";
import { rampOf } from "./ramp.ts";

test("constant load: a ramp and a steady part, or what a run that is too short reaches", () => {
  expect(planOfRamp(rampOf(240, 0.8, 600), 240)).toMatchObject({
    most: 240,
    isOpen: false,
    parts: [
      { from: 0, to: 300, words: "ramp-up 5:00" },
      { from: 300, to: 600, words: "steady 5:00" },
    ],
    sentence: "240 users after 5:00, then steady for 5:00.",
  });
  expect(planOfRamp(rampOf(100, 1, 30), 100)).toMatchObject({
    most: 30,
    parts: [{ words: "ramp-up 30 s" }],
    sentence: "Only 30 users after 30 s: 100 are not reached before the end.",
  });
  expect(planOfRamp(rampOf(10, 10, undefined), 10)?.isOpen).toBe(true);
  expect(planOfRamp(undefined, 10)).toBeUndefined();
});

test("stages: every point lies on the planned curve, a jump is drawn where it is, and the last stage to its end", () => {
  const stages = [
    { durationSeconds: 60, users: 50, spawnRate: 2.5 },
    { durationSeconds: 2, users: 400 },
    { durationSeconds: 30, users: 0, spawnRate: 1 },
  ];
  const plan = planOfStages(stages);
  for (const [at, users] of plan.points) {
    expect([plannedUsersAt(stages, at), plannedUsersAt(stages, at - 1e-6)]).toContain(users);
  }
  const at60 = plan.points.filter(([at]) => at === 60).map(([, users]) => users);
  expect(at60).toEqual([50, 400]);
  expect(plan.points.at(-1)).toEqual([92, 370]);
  expect(plan.parts.map(({ from, to }) => [from, to])).toEqual([
    [0, 60],
    [60, 62],
    [62, 92],
  ]);
  expect(plan.sentence).toBe("3 stages in 1:32, up to 400 users. Stage 3 ends at 370 of 0 users.");
});
