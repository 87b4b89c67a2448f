import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import { expect, test } from "vitest";
import { deleteRun } from "./delete.ts";
import { updateRun } from "./update.ts";
import { recordEvent } from "../journal/events.ts";
import { holdsSlot } from "../domain/states.ts";
import { refreshSummary } from "./receive-samples.ts";
import { createWorld } from "../testing/simulation/world.ts";
import { reconcileRun } from "../controller/reconcile-run.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

/** An ended run with an event and one metric record. */
const ended = async () => {
  const it = await createWorld({ kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 });
  const deps = it.calm();
  const { id, version } = await it.create();
  const at = it.now();
  await deps.stores.runs.update(
    id,
    { version },
    { status: "Stopped", finishedAt: at, settledAt: at },
  );
  const arrive = () =>
    deps.stores.metrics.append([
      {
        runId: id,
        masterInstanceId: "b".repeat(32),
        seq: 1,
        type: 1,
        second: 0,
        body: new Uint8Array(1),
      },
    ]);
  await arrive();
  await recordEvent(deps.stores.events, id, { id: "n", at, type: "note", message: "x" });
  const run = async (): Promise<LoadTestRun> => {
    const found = await deps.stores.runs.get(id);
    if (found === undefined) throw new Error("the run is gone");
    return found;
  };
  const rows = async (): Promise<number> => (await deps.stores.metrics.read(id)).length;
  const events = async (): Promise<number> =>
    (await deps.stores.events.list(id, { limit: 9 })).items.length;
  return { deps, id, run, rows, events, arrive };
};

/** The server dies during a deletion: the metrics are gone, the run is not. */
const interruptedDelete = async ({
  deps,
  run,
}: Awaited<ReturnType<typeof ended>>): Promise<LoadTestRun> => {
  const before = await run();
  const events = { ...deps.events, deleteRun: () => Promise.reject(new Error("killed")) };
  const dying = { ...deps, events };
  await expect(deleteRun(dying, before, before.version, TESTER)).rejects.toThrow("killed");
  return before;
};

test("a run that was marked keep after the caller read it is not deleted", async () => {
  const { deps, run, rows, events } = await ended();
  const read = await run();
  const had = await events();
  await updateRun(deps, read, { keep: true }, undefined, TESTER);
  await expect(deleteRun(deps, read, undefined, TESTER)).rejects.toMatchObject({
    kind: "conflict",
  });
  await expect(deleteRun(deps, read, read.version, TESTER)).rejects.toMatchObject({
    kind: "stale",
  });
  expect([await rows(), await events()]).toEqual([1, had]);
  expect((await run()).deletingAt).toBeUndefined();
});

test("a deletion that has begun cannot be undone, and the next DELETE finishes one that a kill interrupted", async () => {
  const it = await ended();
  const before = await interruptedDelete(it);
  expect([await it.rows(), (await it.run()).deletingAt]).toEqual([0, expect.any(Number)]);
  await expect(
    updateRun(it.deps, await it.run(), { keep: true }, undefined, TESTER),
  ).rejects.toMatchObject({ kind: "conflict" });
  await deleteRun(it.deps, before, before.version, TESTER);
  expect(await it.deps.stores.runs.get(it.id)).toBeUndefined();
  expect([await it.rows(), await it.events()]).toEqual([0, 0]);
});

test("the next pass finishes a deletion that a kill interrupted, and until then the run holds no slot", async () => {
  const it = await ended();
  await interruptedDelete(it);
  const [left] = await it.deps.stores.runs.unsettled();
  expect(left?.id).toBe(it.id);
  expect(holdsSlot({ ...(await it.run()), slot: 0 })).toBe(false);
  expect(await reconcileRun(it.deps, it.id, {})).toBe(true);
  expect(await it.deps.stores.runs.get(it.id)).toBeUndefined();
  expect([await it.rows(), await it.events()]).toEqual([0, 0]);
});

test.each(["is being deleted", "was deleted"])(
  "a batch for a run that %s leaves no records",
  async (when) => {
    const it = await ended();
    const before = await interruptedDelete(it);
    if (when === "was deleted") await deleteRun(it.deps, before, undefined, TESTER);
    await it.arrive();
    await expect(refreshSummary(it.deps, before)).rejects.toMatchObject({ kind: "gone" });
    expect(await it.rows()).toBe(0);
  },
);
