import { describe, expect, test } from "vitest";
import { createMemoryStores } from "../../stores/memory/stores.ts";
import { createHeartbeats } from "./membership.ts";

const LOG = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Two servers on one store, each on its own machine. */
const twoServers = () => {
  const { leases } = createMemoryStores();
  const server = (holder: string) => {
    let [awake, asleep] = [1000, 0];
    const beats = createHeartbeats({
      leases,
      holder,
      clock: { monotonic: () => awake },
      awakeOrAsleep: () => awake + asleep,
      log: LOG,
    });
    return {
      ...beats,
      advance: (ms: number) => (awake += ms),
      sleep: (ms: number) => (asleep += ms),
    };
  };
  return { one: server("one"), two: server("two") };
};

describe("a server whose machine was asleep", () => {
  test("stands down when it wakes, and has another term after its next heartbeat", async () => {
    const { one, two } = twoServers();
    await one.beat();
    await two.beat();
    const before = one.term();
    expect(before).toBeDefined();
    one.sleep(16_000);
    two.advance(16_000);
    expect(await two.isGone("one")).toBe(true);
    expect(one.term()).toBeUndefined();
    await one.beat();
    expect(one.term()).toBeDefined();
    expect(one.term()).not.toBe(before);
  });

  test("knows the age of its heartbeat, with the time asleep", async () => {
    const { one } = twoServers();
    expect(one.heartbeatAgeMs()).toBeUndefined();
    await one.beat();
    one.advance(2000);
    one.sleep(3000);
    expect(one.heartbeatAgeMs()).toBe(5000);
    await one.leave();
    expect(one.heartbeatAgeMs()).toBeUndefined();
  });

  test("does not count the others as gone: it did not read their heartbeats meanwhile", async () => {
    const { one, two } = twoServers();
    await two.beat();
    await one.beat();
    one.sleep(600_000);
    expect(await one.isGone("two")).toBe(false);
  });

  test("that slept only for a moment keeps its term", async () => {
    const { one } = twoServers();
    await one.beat();
    const before = one.term();
    one.sleep(5000);
    expect(one.term()).toBe(before);
  });
});
