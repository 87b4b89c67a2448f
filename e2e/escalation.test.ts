import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import {
  eventsOf,
  expectNoProcesses,
  LOCUSTS,
  newFolder,
  removeFolder,
  running,
  SCOPE,
  settled,
  startServer,
} from "./harness.ts";
import { startTarget, VISITS } from "./target.ts";

/** 5 s after the start the master's event loop hangs: it answers nothing and runs no handler of SIGTERM. */
const HANGS = `${VISITS}
import gevent
from gevent.monkey import get_original
from locust import events

def hang():
    # Of the operating system, not of gevent: no other greenlet runs, and no time of the processor is taken from other tests.
    sleep = get_original("time", "sleep")
    while True:
        sleep(1)

@events.test_start.add_listener
def begin(environment, **_):
    if type(environment.runner).__name__ == "MasterRunner":
        gevent.spawn_later(5, hang)
`;

describe.concurrent.each(LOCUSTS)("a Locust that hangs, on $name", ({ python }) => {
  test("gets a stop, then SIGTERM, then SIGKILL, each with an event, and load ends", async () => {
    const dataDir = newFolder();
    const server = await startServer({ python, dataDir });
    const target = await startTarget();
    const { client } = server;
    const define = { ...SCOPE, name: "Hangs", targetUrl: target.url, locustfile: HANGS };
    const { id: loadTestId } = await client.createLoadTest({ body: define });
    const body = { targetUsers: 4, spawnRate: 4, durationSeconds: 300, stopTimeoutSeconds: 0 };
    const run = await client.createRun({ params: { loadTestId }, body });
    await running(client, run.id);
    await sleep(6000);
    await client.stopRun({ params: { runId: run.id } });
    const ended = await settled(client, run.id, 100);
    expect([ended.status, ended.endCause]).toEqual(["Stopped", "stopped_by_user"]);
    const events = await eventsOf(client, run.id);
    const at = (type: string): number => events.find((one) => one.type === type)?.at ?? 0;
    const since = (type: string): number => (at(type) - (ended.stoppingAt ?? 0)) / 1000;
    expect(since("stop_sent")).toBeLessThan(10);
    expect(since("stop_forced_term")).toBeGreaterThanOrEqual(20);
    expect(since("stop_forced_kill") - since("stop_forced_term")).toBeGreaterThanOrEqual(3.9);
    // The limit is the stop timeout + 30 s; on a busy machine a pass may come later.
    expect(since("stop_forced_kill")).toBeLessThan(33);
    const arrived = target.arrived();
    await sleep(1500);
    expect(target.arrived()).toBe(arrived);
    expectNoProcesses(dataDir);
    await server.kill("SIGTERM");
    await target.close();
    removeFolder(dataDir);
  });
});
