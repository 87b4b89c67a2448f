import fc from "fast-check";
import { expect, test } from "vitest";
import { durationOfStages, plannedUsersAt, type Stage } from "./load-profile.ts";

const each = (stages: readonly Stage[], step = 1): number[] =>
  Array.from({ length: durationOfStages(stages) / step + 1 }, (_, index) =>
    plannedUsersAt(stages, index * step),
  );

test("without a spawn rate the users of a stage are there at once, and there are none before and after", () => {
  const spike = [
    { durationSeconds: 2, users: 3 },
    { durationSeconds: 1, users: 50 },
    { durationSeconds: 2, users: 0 },
  ];
  expect(each(spike)).toEqual([3, 3, 50, 0, 0, 0]);
  expect([plannedUsersAt(spike, -1), plannedUsersAt(spike, 99)]).toEqual([0, 0]);
});

test("a ramp begins with its first group at once, up and down", () => {
  const ramps = [
    { durationSeconds: 4, users: 5, spawnRate: 2 },
    { durationSeconds: 3, users: 1, spawnRate: 3 },
  ];
  expect(each(ramps)).toEqual([2, 4, 5, 5, 2, 1, 1, 0]);
});

test("spawn rates with decimals: Locust starts whole groups, each a little later", () => {
  const half = [{ durationSeconds: 5, users: 9, spawnRate: 0.5 }];
  expect(each(half)).toEqual([1, 1, 2, 2, 3, 0]);
  const more = [{ durationSeconds: 2, users: 9, spawnRate: 2.5 }];
  expect(each(more, 0.4)).toEqual([2, 2, 4, 4, 6, 0]);
});

test("a stage that is too short for its ramp leaves the next one to go on from where it was", () => {
  const cut = [
    { durationSeconds: 3, users: 100, spawnRate: 2 },
    { durationSeconds: 2, users: 0, spawnRate: 1 },
    { durationSeconds: 1, users: 5 },
  ];
  expect(each(cut)).toEqual([2, 4, 6, 5, 4, 5, 0]);
});

test("a plan is never outside of what its stages name, and a stage without a spawn rate is exact", () => {
  const stage = fc.record(
    {
      durationSeconds: fc.integer({ min: 1, max: 60 }),
      users: fc.integer({ min: 0, max: 1000 }),
      spawnRate: fc.double({ min: 0.01, max: 1000, noNaN: true }),
    },
    { requiredKeys: ["durationSeconds", "users"] },
  );
  fc.assert(
    fc.property(fc.array(stage, { minLength: 1, maxLength: 6 }), (stages) => {
      const most = Math.max(...stages.map(({ users }) => users));
      let begin = 0;
      for (const { durationSeconds, users, spawnRate } of stages) {
        for (let second = begin; second < begin + durationSeconds; second += 1) {
          const planned = plannedUsersAt(stages, second);
          expect(Number.isInteger(planned) && planned >= 0 && planned <= most).toBe(true);
          if (spawnRate === undefined) expect(planned).toBe(users);
        }
        begin += durationSeconds;
      }
    }),
  );
});
