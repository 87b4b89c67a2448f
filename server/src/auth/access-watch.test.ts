import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { createAccessWatch } from "./access-watch.ts";

const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const { watch, job } = createAccessWatch(SILENT);
afterEach(() => job.stop());

test("what is no longer allowed ends once, though others cannot be asked about; what has stopped watching does not", async () => {
  let isAllowed = true;
  const ended: string[] = [];
  watch(
    () => Promise.reject(new Error("the store is away")),
    () => ended.push("away"),
  );
  watch(
    async () => isAllowed,
    () => ended.push("reader"),
  );
  const stop = watch(
    async () => isAllowed,
    () => ended.push("gone"),
  );
  stop();
  job.start();
  await sleep(20);
  expect(ended).toEqual([]);
  isAllowed = false;
  job.wake();
  await expect.poll(() => ended).toEqual(["reader"]);
  job.wake();
  await sleep(20);
  expect(ended).toEqual(["reader"]);
});
