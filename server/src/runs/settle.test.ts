import { expect, test } from "vitest";
import { stopTestRun } from "./control.ts";
import { settleRun } from "./settle.ts";
import { createWorld } from "./simulation/world.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

test("the event of the last state is there once, whether a kill kept it from being written or not", async () => {
  for (const killed of [true, false]) {
    const it = await createWorld(ONE);
    const deps = it.calm();
    const { id } = await it.create();
    const { events } = deps.stores;
    const dying = { ...events, append: () => Promise.reject(new Error("killed")) };
    const stores = killed ? { ...deps.stores, events: dying } : deps.stores;
    await stopTestRun({ ...deps, stores }, id, { name: "t" }).catch(() => {});
    const run = await it.base.runs.get(id);
    if (run === undefined) throw new Error("it is gone");
    await settleRun(deps, run);
    const { items } = await events.list(id, { limit: 9 });
    const last = items.filter(({ data }) => data?.["to"] === "Stopped");
    expect(last).toEqual([
      {
        at: run.updatedAt,
        type: "status",
        message: "Stopped: Stopped by t.",
        data: { to: "Stopped", code: "stopped_by_user", ...(killed ? {} : { from: "Pending" }) },
      },
    ]);
  }
});
