import { expect, test } from "vitest";
import { TESTER } from "../../stores/testing/fixtures.ts";
import { handleTestStop } from "./locust-callbacks.ts";
import { createWorld } from "../testing/simulation/world.ts";

const ONE = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 } as const;

test.each([
  [true, "duration_reached"],
  [false, "stopped_at_locust"],
])(
  "a test-stop callback (autoStopped: %s) gives the end cause %s; whether there were requests is decided at the end",
  async (autoStopped, cause) => {
    const it = await createWorld(ONE);
    const deps = it.calm();
    const { id } = await it.create();
    await it.reconcileAll();
    const run = await it.base.runs.get(id);
    if (run === undefined) throw new Error("the run is gone");
    expect(run.status).toBe("Starting");
    await handleTestStop(deps, run, { autoStopped }, TESTER);
    expect(await it.base.runs.get(id)).toMatchObject({
      status: "Stopping",
      endCause: cause,
      statusReason: { code: cause },
    });
  },
);
