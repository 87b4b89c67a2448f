import { describe, expect, test } from "vitest";
import type { Disturbance } from "./simulation/disturbed-stores.ts";
import { play, type Step } from "./simulation/play.ts";
import type { Variant } from "./simulation/world.ts";

/** More calls to the store than either server makes until a run of 20 s is settled. */
const CALLS = 130;
const KINDS = [
  { kind: "local", plugin: true },
  { kind: "attached", plugin: true },
  { kind: "attached", plugin: false },
] as const;

/** Long enough for the disturbance, whatever it is, to fall into a run that has gone on without it. */
const QUIET: Step[] = Array.from({ length: 30 }, () => ({ do: "pass", ms: 4000 }));

const brokenBy = async (
  where: (typeof KINDS)[number],
  what: Disturbance["what"],
  ms: number,
): Promise<string[]> => {
  const of: Variant = { ...where, servers: 2, hosts: 1, runs: 2 };
  const found: string[] = [];
  for (const server of [0, 1]) {
    for (let calls = 1; calls <= CALLS; calls += 1) {
      const { broken } = await play(of, [{ do: "disturb", server, ms, calls, what }, ...QUIET]);
      for (const one of broken) found.push(`server ${server}, call ${calls}: ${one}`);
    }
  }
  return found;
};

describe.each(KINDS)("two servers, two runs, one cluster ($kind, plugin $plugin)", (where) => {
  test.each([
    ["pause-before", 20_000],
    ["pause-after", 20_000],
    ["pause-before", 70_000],
    ["pause-after", 70_000],
    ["kill-before", 30_000],
    ["kill-after", 30_000],
    ["lost-reply", 0],
  ] as const)(
    "%s, %i ms, at every single call to the store: every promise is kept",
    async (what, ms) => {
      expect(await brokenBy(where, what, ms)).toEqual([]);
    },
  );
});
