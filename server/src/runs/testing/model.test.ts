import { describe, expect, test } from "vitest";
import { explore } from "./simulation/model.ts";

describe("lease, fence, start and stop: every order of every step of two servers, one of which may sleep at any of them", () => {
  test.each([
    { name: "with the plugin's fence", guards: { plugin: true, term: true } },
    { name: "with the fence alone", guards: { plugin: true, term: false } },
    { name: "without the plugin", guards: { plugin: false, term: true } },
  ])(
    "$name: never two starts, never load for an ended run, always a way to the end",
    ({ guards }) => {
      const { states, wrong, stuck } = explore(guards);
      expect(wrong).toBeUndefined();
      expect(stuck).toBe(0);
      expect(states).toBeGreaterThan(1000);
    },
  );

  test("with neither guard the model finds the history that the guards are for", () => {
    expect(explore({ plugin: false, term: false }).wrong).toBeDefined();
  });
});
