import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ended, type Requests, setUp, snapshot, START, sumOf } from "../testing/posted-fixtures.ts";

describe("several posters behind one address", () => {
  const reporter = "127.0.0.1";
  const counts = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(3));
  const named = ([a, b, c]: readonly number[]): Requests => ({
    "/a": a ?? 0,
    "/b": b ?? 0,
    "/c": c ?? 0,
  });
  const added = (one: readonly number[], other: readonly number[]): number[] =>
    one.map((value, index) => value + (other[index] ?? 0));

  test("of a master and two workers the master's totals count at any time, in any order of the posts, and nothing is added up", async () => {
    const round = fc.record({
      first: counts,
      second: counts,
      order: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(round, { minLength: 4, maxLength: 12 }), async (rounds) => {
        const { post, summary, rows, events } = setUp();
        let [one, two] = [
          [20, 20, 20],
          [10, 10, 10],
        ];
        const expectAtMost = async (most: number): Promise<void> => {
          expect((await summary()).totalRequests).toBeLessThanOrEqual(most);
        };
        for (const { first, second, order } of rounds) {
          [one, two] = [added(one, added(first, [1, 1, 1])), added(two, second)];
          const posters = [added(one, two), one, two];
          for (const poster of order)
            await post(snapshot(named(posters[poster] ?? [])), { reporter });
          await expectAtMost(sumOf(named(added(one, two))));
        }
        // Workers end before the master does.
        for (const final of [one, two, added(one, two)])
          await post(snapshot(named(final)), { final: true, reporter });
        const whole = named(added(one, two));
        expect(Object.values(await rows())).toEqual(Object.values(whole));
        const failed = Object.values(whole).map((count) => Math.floor(count / 10));
        expect((await summary()).totalFailures).toBe(failed.reduce((sum, count) => sum + count, 0));
        expect(await events()).toEqual(["several_reporters"]);
        // Nobody knows whether the largest is the master's.
        expect((await summary(ended)).complete).toBe(false);
        await post(snapshot(whole), { source: "polled", run: ended });
        expect(await summary(ended)).toMatchObject({
          totalRequests: sumOf(whole),
          complete: true,
          maxUsers: 3,
        });
      }),
      { numRuns: 25 },
    );
  });

  test("of two workers the one that does nothing does not hide that the other posts in turns with the master", async () => {
    const { post, events } = setUp();
    let one = 20;
    for (const order of [
      ["idle", "one", "all"],
      ["all", "idle", "one"],
      ["all", "idle", "one"],
    ]) {
      one += 1;
      const totals: Requests = { all: one + 10, one, idle: 10 };
      for (const poster of order) await post(snapshot({ "/a": totals[poster] ?? 0 }), { reporter });
    }
    expect(await events()).toEqual(["several_reporters"]);
  });

  test("the posters' own totals are never exceeded, also where each knows other endpoints", async () => {
    const { post, rows, summary } = setUp();
    for (let round = 1; round <= 4; round += 1) {
      await post(snapshot({ "/a": 50 * round, "/b": 10 * round }), { reporter });
      await post(snapshot({ "/a": 40 * round, "/b": 12 * round }), { reporter });
    }
    expect((await summary()).totalRequests).toBe(240);
    expect(await rows()).toEqual({ "GET /a": 200, "GET /b": 40 });
  });

  test("a steady load is steady in the chart: what one shows first is spread since the last change that any of them has shown", async () => {
    const { post, chart } = setUp();
    /** Ten requests a second; the master has its workers' counts of every third second. */
    const reported = (second: number): number => 10 * (second - (second % 3));
    for (let second = 1; second <= 40; second += 1) {
      const at = START + second;
      await post(snapshot({ "/a": reported(second) }), { reporter, at });
      await post(snapshot({ "/a": 4 * second }), { reporter, at });
      const page = { source: "polled", at } as const;
      if (second % 2 === 0) await post(snapshot({ "/a": reported(second) }), page);
    }
    const { dataPoints = [] } = await chart();
    const middle = dataPoints.filter(({ timestamp }) => {
      const second = timestamp / 1000 - START;
      return second >= 8 && second < 32;
    });
    expect(middle).toHaveLength(24);
    for (const { totalRps } of middle) {
      expect(totalRps).toBeGreaterThanOrEqual(8);
      expect(totalRps).toBeLessThanOrEqual(12);
    }
  });
});
