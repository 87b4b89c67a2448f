import { expect, test } from "vitest";
import type { ScriptOutlined } from "../port.ts";
import type { ClusterConfig } from "../select-cluster.ts";
import { createOutliner } from "./outliner.ts";

const base = { id: "here", scope: {}, maxConcurrentRuns: 1 };
const local: ClusterConfig = { ...base, kind: "local", workers: 2 };
const attached: ClusterConfig = { ...base, kind: "attached", baseUrl: "http://locust" };
const found = {
  userClasses: [],
  shapeClasses: [],
  options: [],
  tags: [],
  locustVersion: "2.47.0",
  locustOptions: [],
};
const scriptOf = (text: string) => ({
  entrypoint: "locustfile.py",
  files: new Map([["locustfile.py", Buffer.from(text)]]),
});

/** An outliner whose imports end when the test lets them. */
const outliner = (answer: ScriptOutlined = { problems: [], found }) => {
  const open: (() => void)[] = [];
  let [now, started] = [0, 0];
  const outline = createOutliner({
    pythonOf: () => "python3",
    environmentsFolder: "/nowhere",
    clock: { monotonic: () => now },
    read: () => {
      started += 1;
      return new Promise((resolve) => open.push(() => resolve(answer)));
    },
  });
  return {
    outline,
    started: () => started,
    finishAll: async () => {
      for (; open.length > 0; await new Promise(setImmediate)) {
        for (const finish of open.splice(0)) finish();
      }
    },
    wait: (ms: number) => {
      now += ms;
    },
  };
};

test("the same script with the same variables is imported once, and again when that is long ago", async () => {
  const { outline, started, finishAll, wait } = outliner();
  const ask = async (text: string, environment?: Record<string, string>) => {
    const asked = outline(local, scriptOf(text), environment);
    await finishAll();
    return asked;
  };
  const both = [outline(local, scriptOf("a"), {}), outline(local, scriptOf("a"), {})];
  await finishAll();
  expect(await Promise.all(both)).toEqual([
    { problems: [], found },
    { problems: [], found },
  ]);
  expect(started()).toBe(1);
  await ask("a");
  expect(started()).toBe(1);
  await ask("b");
  await ask("a", { A: "b" });
  expect(started()).toBe(3);
  wait(11 * 60_000);
  await ask("a");
  expect(started()).toBe(4);
});

test("what a script raised is not remembered", async () => {
  const problem = { file: "locustfile.py", message: "ValueError: bad" };
  const { outline, started, finishAll } = outliner({ problems: [problem], why: "It raised." });
  for (const imported of [1, 2]) {
    const asked = outline(local, scriptOf("a"), {});
    await finishAll();
    expect((await asked).problems).toEqual([problem]);
    expect(started()).toBe(imported);
  }
});

test("two are imported at a time, twenty wait, and a further one is told so", async () => {
  const { outline, started, finishAll } = outliner();
  const asked = Array.from({ length: 22 }, (_, index) => outline(local, scriptOf(`${index}`), {}));
  expect(started()).toBe(2);
  expect((await outline(local, scriptOf("more"), {})).why).toContain("Too many");
  await finishAll();
  for (const outlined of await Promise.all(asked)) expect(outlined.found).toEqual(found);
  expect(started()).toBe(22);
});

test("an attached Locust imports nothing", async () => {
  const { outline, started } = outliner();
  expect((await outline(attached, scriptOf("a"), {})).why).toContain("only local clusters");
  expect(started()).toBe(0);
});
