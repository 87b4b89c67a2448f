import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compare, lineOf, measurePairs } from "../bench/lib/compare.ts";
import { notMeasurable } from "./arguments.mjs";

describe("npm run bench -- --against", () => {
  test("measures both trees alternately, each first equally often, and does not count the warm-up", async () => {
    const order = [];
    const measure = (name) => async () => {
      order.push(name);
      return { metric: order.length };
    };
    const pairs = await measurePairs(3, measure("a"), measure("b"));
    expect(order.join("")).toBe("ababbaab");
    expect(pairs.map(({ ours, other }) => [ours.metric, other.metric])).toEqual([
      [3, 4],
      [6, 5],
      [7, 8],
    ]);
  });

  const of = (...ratios) => compare(ratios.map((x) => ({ ours: { x: 50 * x }, other: { x: 50 } })));
  test("reports the median of the ratios, with the smallest and the largest", () => {
    expect(of(3, 0.5, 1)).toEqual([
      { metric: "x", ratio: 1, spread: [0.5, 3], verdict: "ok", ours: 50, other: 50 },
    ]);
    expect(lineOf(of(3, 0.5, 1)[0])).toBe("x: 1.000× (0.50–3.00; 50.00 vs 50.00)");
  });
  test("marks a ratio above 1.05, and fails above 1.10", () => {
    expect([1.04, 1.06, 1.09, 1.12].map((ratio) => of(ratio)[0].verdict)).toEqual([
      "ok",
      "explain",
      "explain",
      "fail",
    ]);
    expect(lineOf(of(1.08)[0])).toContain("above 1.05: explain it");
    expect(lineOf(of(1.2)[0])).toContain("ABOVE 1.10: FAILED");
  });
  test("throws if one tree lacks a metric", () => {
    const missing = [{ ours: { x: 1 }, other: {} }];
    expect(() => compare(missing)).toThrow("x was not measured in both trees: 1 and undefined");
  });

  test("gives the reason why a folder cannot be measured", () => {
    const folder = mkdtempSync(join(tmpdir(), "load-manager-tree-"));
    expect(notMeasurable(folder)).toContain("is not a checkout");
    mkdirSync(join(folder, "cli/bin"), { recursive: true });
    writeFileSync(join(folder, "cli/bin/load-manager.js"), "");
    expect(notMeasurable(folder)).toContain("has no node_modules; run npm ci there first");
    mkdirSync(join(folder, "node_modules"));
    expect(notMeasurable(folder)).toBeUndefined();
    rmSync(folder, { recursive: true });
  });
});
