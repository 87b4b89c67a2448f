import { describe, expect, test } from "vitest";
import { explore } from "./simulation/model.ts";

describe("model of lease, fence, start and stop: every order of the steps of two servers, one of which may sleep once", () => {
  test.each([
    { name: "with the plugin's fence and the term", guards: { plugin: true, term: true } },
    { name: "with the plugin's fence and no term", guards: { plugin: true, term: false } },
    { name: "with the term and no plugin", guards: { plugin: false, term: true } },
  ])(
    "$name: never two starts, never load for an ended run, the run can always end",
    ({ guards }) => {
      const { states, wrong, stuck } = explore(guards);
      expect(wrong).toBeUndefined();
      expect(stuck).toBe(0);
      expect(states).toBeGreaterThan(1000);
    },
  );

  test("with neither guard the model finds a broken promise", () => {
    expect(explore({ plugin: false, term: false }).wrong).toBeDefined();
  });
});
