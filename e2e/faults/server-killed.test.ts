import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { freePort } from "../attached-locust.ts";
import { eventsOf, LOCUSTS, running, until } from "../harness.ts";
import { ALL_FAULTS, note, openWorld, STORES } from "./world.ts";

const python = LOCUSTS[0]?.python ?? "python3";
const BODY = { targetUsers: 5, spawnRate: 5, durationSeconds: 6 };

/** Failpoints: the next server must complete whatever a server that dies there left unfinished. */
const AT = [
  {
    row: 2,
    point: "claim.after",
    fault: "killed with the slot leased, the run still Pending",
    quick: false,
  },
  {
    row: 3,
    point: "Starting.after",
    fault: "killed after Starting, before Locust is started",
    quick: false,
  },
  {
    row: 3,
    point: "start.before",
    fault: "killed with the start stored, before it is sent",
    quick: true,
  },
  { row: 5, point: "start.after", fault: "killed after Locust has taken the start", quick: true },
  { row: 5, point: "Running.before", fault: "killed before Running is written", quick: false },
  { row: 6, point: "Running.after", fault: "killed while Running", quick: false },
  { row: 7, point: "Stopping.after", fault: "killed after Stopping is written", quick: false },
  { row: 7, point: "Finished.before", fault: "killed before the end is written", quick: true },
  { row: 7, point: "Finished.after", fault: "killed after the end is written", quick: false },
  { row: 7, point: "summary.before", fault: "killed before the summary", quick: false },
  {
    row: 7,
    point: "recent-runs.after",
    fault: "killed after the recent runs are written",
    quick: false,
  },
  { row: 7, point: "release.after", fault: "killed after the slot is free", quick: true },
].filter(({ quick }) => quick || ALL_FAULTS);

const STOPPED_AT = [
  { row: 7, point: "stop.before", fault: "killed before the stop is sent", quick: false },
  { row: 7, point: "stop.after", fault: "killed after the stop was sent", quick: true },
  { row: 7, point: "Stopped.before", fault: "killed before Stopped is written", quick: false },
].filter(({ quick }) => quick || ALL_FAULTS);

describe.each(STORES)("a server that dies at a failpoint, on %s", (store) => {
  test.each([
    { row: 1, point: "create.before", fault: "killed before the run is committed", made: 0 },
    {
      row: 2,
      point: "create.after",
      fault: "killed after the run is committed, before the answer",
      made: 1,
    },
  ])("row $row: $fault", async ({ row, point, fault, made }) => {
    const world = await openWorld(store, python);
    const first = await world.serve({ failpoint: `${point}:kill` });
    const loadTestId = await world.define(first);
    const ask = (address: string) =>
      fetch(`${address}/v1/load-tests/${loadTestId}/runs`, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "one-run" },
        body: JSON.stringify(BODY),
      });
    await expect(ask(first.address)).rejects.toThrow();
    await first.ended;
    const died = Date.now();
    const second = await world.serve();
    expect((await second.client.listRuns()).items).toHaveLength(made);
    // On a shared store the key of a dead server is free once its heartbeat has stood still for long enough.
    const answer = await until("an answer to the same request", async () => {
      const again = await ask(second.address);
      return again.status === 409 ? undefined : again;
    });
    expect(answer.status).toBe(201);
    const { id } = (await answer.json()) as { id: string };
    const recoveredMs = Date.now() - died;
    expect((await second.client.listRuns()).items.map((run) => run.id)).toEqual([id]);
    await world.verify(second, id, { status: "Finished" });
    note({ row, fault, store, recoveredMs });
  });

  test.each(AT)("row $row: $fault", async ({ row, point, fault }) => {
    const world = await openWorld(store, python);
    const first = await world.serve({ failpoint: `${point}:kill` });
    const loadTestId = await world.define(first);
    const run = await first.client.createRun({ params: { loadTestId }, body: BODY });
    expect(await first.ended).toBe("SIGKILL");
    const died = Date.now();
    const second = await world.serve();
    const before = (await eventsOf(second.client, run.id)).length;
    await until("the next server's first event", async () =>
      (await eventsOf(second.client, run.id)).length > before ||
      (await second.client.getRun({ params: { runId: run.id } })).settledAt !== undefined
        ? true
        : undefined,
    );
    const recoveredMs = Date.now() - died;
    await world.verify(second, run.id, { status: "Finished" });
    note({ row, fault, store, recoveredMs });
  });

  test.each(STOPPED_AT)("row $row: $fault", async ({ row, point, fault }) => {
    const world = await openWorld(store, python);
    // No metrics may arrive: the answer to them could stop the plugin before the server does.
    const config = `${world.storeConfig()}server: { callbackUrls: ["http://127.0.0.1:${await freePort()}"] }\n`;
    const first = await world.serve({ failpoint: `${point}:kill`, config });
    const loadTestId = await world.define(first);
    const body = { ...BODY, durationSeconds: 60 };
    const run = await first.client.createRun({ params: { loadTestId }, body });
    await running(first.client, run.id);
    await sleep(2000);
    await first.client.stopRun({ params: { runId: run.id } }).catch(() => undefined);
    expect(await first.ended).toBe("SIGKILL");
    const died = Date.now();
    const second = await world.serve({ config: world.storeConfig() });
    await world.verify(second, run.id, { status: "Stopped", code: "stopped_by_user" });
    note({ row, fault, store, recoveredMs: Date.now() - died });
  });

  test.each(ALL_FAULTS ? ["deleting.after"] : [])(
    "row 7: killed after a deletion has begun (%s): the next server finishes it",
    async (point) => {
      const world = await openWorld(store, python);
      const first = await world.serve({ failpoint: `${point}:kill` });
      const loadTestId = await world.define(first);
      const body = { ...BODY, durationSeconds: 2 };
      const run = await first.client.createRun({ params: { loadTestId }, body });
      await world.verify(first, run.id, { status: "Finished" });
      await first.client.deleteRun({ params: { runId: run.id } }).catch(() => undefined);
      expect(await first.ended).toBe("SIGKILL");
      const second = await world.serve();
      await until("the end of the deletion", async () =>
        (await world.stored(run.id)) ? undefined : true,
      );
      const { recentRuns } = await second.client.getLoadTest({ params: { loadTestId } });
      expect(recentRuns).toEqual([]);
      note({ row: 7, fault: "killed after a deletion has begun", store });
    },
  );
});
