import { expect, test } from "vitest";
import { runOf } from "../../stores/testing/fixtures.ts";
import { createRunMemory } from "./run-memory.ts";
import { Stats } from "./stats.ts";

const page = (state: string, requests: number): Stats =>
  Stats.parse({
    state,
    user_count: 0,
    stats: [{ name: "Aggregated", num_requests: requests, num_failures: 0 }],
  });

test.each(["stopped", "running"])(
  "a page that says %s with fewer requests after a silence is of another master",
  (state) => {
    const [memory, run] = [createRunMemory(), runOf()];
    expect(memory.isForeign(run, page("running", 100))).toBe(false);
    memory.noteSilence(run, false);
    expect(memory.isForeign(run, page(state, 7))).toBe(true);
  },
);

test("a load that was stopped during a silence is the run's own", () => {
  const [memory, run] = [createRunMemory(), runOf()];
  memory.isForeign(run, page("running", 100));
  memory.noteSilence(run, false);
  expect(memory.isForeign(run, page("stopped", 130))).toBe(false);
});

test("a load that is stopped after nobody listened is another master's, one that runs is the run's", () => {
  for (const state of ["stopped", "running"]) {
    const [memory, run] = [createRunMemory(), runOf()];
    memory.isForeign(run, page("running", 100));
    memory.noteSilence(run, true);
    memory.noteSilence(run, false);
    expect(memory.isForeign(run, page(state, 130))).toBe(state === "stopped");
  }
});
