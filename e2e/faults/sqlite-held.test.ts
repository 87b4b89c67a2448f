import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { LOCUSTS, running, until } from "../harness.ts";
import { note, openWorld } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";

test("row 20: another program locks the SQLite file during a run: 503, and everything works afterwards", async () => {
  const world = await openWorld("sqlite", python);
  const server = await world.serve();
  const loadTestId = await world.define(server);
  const body = { targetUsers: 5, spawnRate: 5, durationSeconds: 14 };
  const run = await server.client.createRun({ params: { loadTestId }, body });
  await running(server.client, run.id);
  const other = new Database(join(world.dataDir, "control.db"));
  other.exec("BEGIN EXCLUSIVE");
  const asked = Date.now();
  const answer = await fetch(`${server.address}/v1/runs/${run.id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ notes: "x" }),
  });
  const detectedMs = Date.now() - asked;
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "5"]);
  expect((await fetch(`${server.address}/livez`)).status).toBe(200);
  expect((await fetch(`${server.address}/readyz`)).status).toBe(503);
  await sleep(5000);
  other.exec("ROLLBACK");
  other.close();
  const back = Date.now();
  await until("readiness", async () =>
    (await fetch(`${server.address}/readyz`)).ok ? true : undefined,
  );
  const recoveredMs = Date.now() - back;
  await world.verify(server, run.id, { status: "Finished" });
  note({
    row: 20,
    fault: "another program holds control.db",
    store: "sqlite",
    detectedMs,
    recoveredMs,
  });
});
