import { describe, expect, test } from "vitest";
import type { Disturbance } from "../testing/simulation/disturbed-stores.ts";
import { play, type Step } from "../testing/simulation/play.ts";
import { createWorld, type Variant } from "../testing/simulation/world.ts";

const KINDS = [
  { kind: "local", plugin: true },
  { kind: "attached", plugin: true },
  { kind: "attached", plugin: false },
] as const;

/** Long enough for every disturbance to happen while a run is active. */
const QUIET: Step[] = Array.from({ length: 30 }, () => ({ do: "advance", ms: 4000 }));

/** The number of calls to its store that a server makes until the first run is settled and the second has the slot. */
const callsOf = async (of: Variant): Promise<number> => {
  const it = await createWorld(of);
  const first = await it.create();
  await it.create();
  for (let pass = 0; pass < 200; pass += 1) {
    it.advance(1000);
    await it.reconcileAll();
    if ((await it.base.runs.get(first.id))?.settledAt !== undefined) break;
  }
  for (let pass = 0; pass < 5; pass += 1) await it.reconcileAll();
  return it.calls();
};

const brokenBy = async (
  where: (typeof KINDS)[number],
  what: Disturbance["what"],
  ms: number,
): Promise<string[]> => {
  const of: Variant = { ...where, servers: 2, hosts: 1, runs: 2 };
  const found: string[] = [];
  const all = await callsOf(of);
  expect(all).toBeGreaterThan(150);
  for (const server of [0, 1]) {
    for (let calls = 1; calls <= all; calls += 1) {
      const { broken } = await play(of, [{ do: "disturb", server, ms, calls, what }, ...QUIET]);
      for (const one of broken) found.push(`server ${server}, call ${calls}: ${one}`);
    }
  }
  return found;
};

describe.each(KINDS)("two servers, two runs, one cluster ($kind, plugin $plugin)", (where) => {
  test.each([
    ["pause-after", 7000],
    ["pause-after", 12_000],
    ["pause-before", 20_000],
    ["pause-after", 20_000],
    ["pause-before", 70_000],
    ["pause-after", 70_000],
    ["kill-before", 30_000],
    ["kill-after", 30_000],
    ["lost-reply", 0],
  ] as const)("%s, %i ms, at each call to the store: every promise is kept", async (what, ms) => {
    expect(await brokenBy(where, what, ms)).toEqual([]);
  });
});
