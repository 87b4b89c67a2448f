import { expect, test } from "vitest";
import { processNames } from "./process-names.ts";

const worker = (id: string) => ({ id, role: "worker" as const });

test("workers are numbered in the order of their ids, whatever order they come in", () => {
  const names = processNames([worker("vm_b"), { id: "master", role: "master" }, worker("vm_a")]);
  expect(Object.fromEntries(names)).toEqual({
    master: "master",
    vm_a: "worker 1",
    vm_b: "worker 2",
  });
});
