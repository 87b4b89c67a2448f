import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { killAt } from "../domain/deadline.ts";
import { play, step, variant } from "./simulation/play.ts";
import { createWorld, type Variant } from "./simulation/world.ts";

const HISTORIES = Number(process.env["LOAD_MANAGER_HISTORIES"] ?? 2000);
const seed = process.env["LOAD_MANAGER_SEED"];
const ONE: Variant = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 };

describe("simulated histories", () => {
  test("no run is lost, started twice or left running; each ends once and is settled, and its slot is free", async () => {
    await fc.assert(
      fc.asyncProperty(variant, fc.array(step, { maxLength: 40 }), async (variantOf, steps) => {
        const { broken } = await play(variantOf, steps);
        expect(broken).toEqual([]);
      }),
      {
        numRuns: HISTORIES,
        endOnFailure: false,
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      },
    );
  });

  test("settling a run that was cancelled while it waited does not stop the next run", async () => {
    const { broken } = await play(
      { kind: "attached", plugin: false, servers: 1, hosts: 1, runs: 2 },
      [{ do: "cut-off", server: 0, ms: 500 }, { do: "stop" }, { do: "fault", fault: "lost-call" }],
    );
    expect(broken).toEqual([]);
  });

  test("a run whose load came and went unseen, before load of somebody else, is not started again", async () => {
    const { broken } = await play(
      { kind: "attached", plugin: true, servers: 1, hosts: 1, runs: 1 },
      [
        { do: "advance", ms: 4001 },
        { do: "down", ms: 21_001 },
        { do: "advance", ms: 21_000 },
        { do: "other-start", ms: 10_000 },
        { do: "other-stop", ms: 10_000 },
      ],
    );
    expect(broken).toEqual([]);
  });

  test("settling a failed run whose load was seen to end does not stop load that somebody started since", async () => {
    const { broken } = await play(
      { kind: "attached", plugin: false, servers: 1, hosts: 1, runs: 1 },
      [
        { do: "no-answers" },
        { do: "advance", ms: 19_070 },
        { do: "advance", ms: 3721 },
        { do: "other-start", ms: 10_000 },
      ],
    );
    expect(broken).toEqual([]);
  });

  test("a stop that a server did not send because it slept is not counted as sent", async () => {
    const { broken } = await play(
      { kind: "attached", plugin: false, servers: 2, hosts: 1, runs: 1 },
      [
        { do: "disturb", server: 1, ms: 100, calls: 1, what: "kill-before" },
        { do: "advance", ms: 20_001 },
        { do: "disturb", server: 0, ms: 100, calls: 4, what: "pause-before" },
        { do: "advance", ms: 10_000 },
        { do: "advance", ms: 22_001 },
      ],
    );
    expect(broken).toEqual([]);
  });

  test("without faults a run is Finished after its duration, or Stopped when a user stops it", async () => {
    const quiet = Array.from({ length: 5 }, () => ({ do: "advance", ms: 1000 }) as const);
    for (const kind of ["local", "attached"] as const) {
      for (const servers of [1, 2] as const) {
        const of = { ...ONE, kind, servers };
        const finished = await play(of, quiet);
        expect(finished.runs.map(({ status, endCause }) => [status, endCause])).toEqual([
          ["Finished", "duration_reached"],
        ]);
        const stopped = await play(of, [...quiet, { do: "stop" }]);
        expect(stopped.runs.map(({ status, endCause }) => [status, endCause])).toEqual([
          ["Stopped", "stopped_by_user"],
        ]);
      }
    }
  });

  test("stages with pauses are no fault: the run is Finished when the last one has ended", async () => {
    const quiet = Array.from({ length: 30 }, () => ({ do: "advance", ms: 1000 }) as const);
    for (const kind of ["local", "attached"] as const) {
      const { runs, broken } = await play({ ...ONE, kind, stages: true }, quiet);
      expect(broken).toEqual([]);
      expect(runs.map(({ status, endCause, health }) => [status, endCause, health])).toEqual([
        ["Finished", "duration_reached", "ok"],
      ]);
    }
  });

  test("load ends in the promised time although the server died right after the start", async () => {
    const it = await createWorld(ONE);
    const run = await it.create();
    for (let pass = 0; pass < 5; pass += 1) await it.reconcileAll();
    it.advance(600_000);
    const [load] = it.cluster.loads();
    const seen = await it.base.runs.get(run.id);
    expect(load?.endedAt).toBeLessThanOrEqual(killAt(seen ?? run) ?? 0);
  });
});
