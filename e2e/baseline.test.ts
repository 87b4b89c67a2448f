import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  ROOT,
  running,
  SCOPE,
  type Server,
  settled,
  startServer,
} from "./harness.ts";

/** Each user makes 10 requests a second of 5 ms. */
const STEADY = readFileSync(join(ROOT, "e2e/scripts/steady.py"), "utf8");
const LOAD = { targetUsers: 4, spawnRate: 4, durationSeconds: 6 };

describe.each(LOCUSTS.slice(0, 1))("a rolling baseline on $name", ({ python }) => {
  const dataDir = newFolder();
  let server: Server;
  beforeAll(async () => {
    server = await startServer({ python, dataDir });
  });
  afterAll(async () => {
    await server.kill("SIGTERM");
    expectNoProcesses(dataDir);
    removeFolder(dataDir);
  });

  test("is made of the runs before; a run keeps it over a kill of the server", async () => {
    const expressions = ["avg < baseline * 2", "rps(GET /steady) > baseline * 3 over steady"];
    const body = {
      ...SCOPE,
      name: "Compared",
      targetUrl: "http://127.0.0.1:1",
      locustfile: STEADY,
      criteria: expressions.map((expression) => ({ expression })),
      baseline: { kind: "rolling" as const },
    };
    const { id: loadTestId } = await server.client.createLoadTest({ body });
    const start = async (more: object = {}) =>
      (await server.client.createRun({ params: { loadTestId }, body: { ...LOAD, ...more } })).id;
    const earlier: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const id = await start();
      await settled(server.client, id);
      earlier.unshift(id);
    }
    const [, , first = ""] = earlier;
    const verdictOf = (runId: string) => server.client.getRunVerdict({ params: { runId } });
    expect((await verdictOf(first)).criteria.map(({ reason }) => reason?.message)).toEqual([
      "No earlier run of the load test has ended.",
      "No earlier run of the load test has ended.",
    ]);

    const id = await start();
    await running(server.client, id);
    const { live = [] } = await verdictOf(id);
    expect(live[0]?.baseline?.runs.map((one) => one.id)).toEqual(earlier);
    await server.kill("SIGKILL");
    server = await startServer({ python, dataDir });
    const run = await settled(server.client, id);
    expect([run.status, run.verdict]).toEqual(["Finished", "failed"]);
    const { criteria } = await verdictOf(id);
    const [quick, busy] = criteria;
    expect(quick).toMatchObject({ verdict: "passed", limit: live[0]?.limit });
    expect(quick?.baseline).toEqual(live[0]?.baseline);
    expect(quick?.baseline?.value).toBeCloseTo(5, 0);
    expect(busy?.verdict).toBe("failed");
    expect(busy?.baseline?.value).toBeGreaterThan(20);
    expect(busy?.baseline?.value).toBeLessThan(50);

    const other = await start({ targetUsers: 2 });
    await settled(server.client, other);
    expect((await verdictOf(other)).criteria[0]).toMatchObject({
      verdict: "inconclusive",
      reason: {
        code: "no_baseline",
        message: "None of the 4 newest earlier runs can be compared: 4 with 4 users instead of 2.",
      },
    });
  });
});
