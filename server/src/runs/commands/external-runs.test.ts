import { expect, test } from "vitest";
import { handleTestStop } from "./locust-callbacks.ts";
import { createWorld } from "../testing/simulation/world.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

test.each([
  [0, "failed", "no_requests"],
  [3, "duration_reached", "duration_reached"],
])(
  "a test-stop callback after %i requests, while the run is Starting, gives the end cause %s",
  async (requests, cause, code) => {
    const it = await createWorld(ONE);
    const deps = it.calm();
    const { id } = await it.create();
    await it.reconcileAll();
    const run = await it.base.runs.get(id);
    if (run === undefined) throw new Error("the run is gone");
    expect(run.status).toBe("Starting");
    const metrics = { ...deps.metrics, requests: async () => requests };
    await handleTestStop({ ...deps, metrics }, run, { autoStopped: true });
    expect(await it.base.runs.get(id)).toMatchObject({
      status: "Stopping",
      endCause: cause,
      statusReason: { code },
    });
  },
);
