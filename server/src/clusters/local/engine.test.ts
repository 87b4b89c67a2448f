import type { Engine } from "@load-manager/contract/model/run.ts";
import { expect, test } from "vitest";
import { createEngineReader } from "./engine.ts";

const TEN_MINUTES = 10 * 60_000;

const reader = () => {
  let now = 0;
  const asked: ((engine: Engine | undefined) => void)[] = [];
  const engine = createEngineReader(
    "python3",
    { monotonic: () => now },
    () =>
      new Promise((resolve, reject) =>
        asked.push((answer) => (answer === undefined ? reject(new Error("no")) : resolve(answer))),
      ),
  );
  return { engine, asked, pass: (ms: number) => (now += ms) };
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("versions are read once in the background, and again after ten minutes", async () => {
  const { engine, asked, pass } = reader();
  expect([engine(), engine()]).toEqual([undefined, undefined]);
  expect(asked).toHaveLength(1);
  asked[0]?.({ locustVersion: "2.47.0" });
  await settled();
  pass(TEN_MINUTES - 1);
  expect(engine()).toEqual({ locustVersion: "2.47.0" });
  expect(asked).toHaveLength(1);
  pass(1);
  // Until the new answer is there, the old one stands.
  expect(engine()).toEqual({ locustVersion: "2.47.0" });
  asked[1]?.({ locustVersion: "2.48.0" });
  await settled();
  expect(engine()).toEqual({ locustVersion: "2.48.0" });
});

test("a Python that does not tell them has none", async () => {
  const { engine, asked } = reader();
  engine();
  asked[0]?.(undefined);
  await settled();
  expect(engine()).toBeUndefined();
});
