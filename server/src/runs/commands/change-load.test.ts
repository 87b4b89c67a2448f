import { expect, test } from "vitest";
import { pluginCommands } from "../../clusters/plugin/commands.ts";
import type { PluginClient } from "../../clusters/plugin/client.ts";
import { commandsFor } from "./piggyback.ts";
import { changeLoad } from "./change-load.ts";
import { createWorld } from "../testing/simulation/world.ts";
import { TESTER } from "../../stores/testing/fixtures.ts";

test("a later change of users has a later time, even from a server whose clock is behind", async () => {
  const it = await createWorld({ kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1 });
  const { id } = await it.create();
  for (let pass = 0; pass < 6; pass += 1) {
    await it.reconcileAll();
    it.advance(1000);
  }
  const calm = it.calm();
  const behind = { ...calm, clock: { ...calm.clock, now: () => it.now() - 60_000 } };
  await changeLoad(calm, id, { targetUsers: 7 }, TESTER);
  const first = it.now();
  const run = await changeLoad(behind, id, { targetUsers: 9 }, TESTER);
  expect(commandsFor(run)).toMatchObject([{ users: 9, commandNumber: first + 1 }]);
  const sent: object[] = [];
  const client = { command: async (_: string, body: object) => void sent.push(body) };
  const callback = { callbackTokens: () => [], callbackUrls: () => [], runAddress: () => ({}) };
  const { setUsers } = pluginCommands(callback, client as unknown as PluginClient);
  await setUsers({ run, fence: 1 }, 9, 1);
  expect(sent).toMatchObject([{ users: 9, commandNumber: first + 1 }]);
});

test("the users of a run whose load profile decides them cannot be changed", async () => {
  const of = { kind: "local", plugin: true, servers: 1, hosts: 1, runs: 1, stages: true } as const;
  const it = await createWorld(of);
  const { id } = await it.create();
  for (let pass = 0; pass < 12; pass += 1) {
    await it.reconcileAll();
    it.advance(1000);
  }
  const before = await it.base.runs.get(id);
  expect(before?.status).toBe("Running");
  await expect(changeLoad(it.calm(), id, { targetUsers: 7 }, TESTER)).rejects.toMatchObject({
    kind: "conflict",
    message: expect.stringContaining("this run has stages, which decides them by itself"),
  });
  expect(await it.base.runs.get(id)).toEqual(before);
});
