import type { LoadTestRun } from "@load-manager/contract/run.ts";
import { createPluginClient } from "./plugin/client.ts";
import { engineOf, fenceOf, observationOf } from "./plugin/observation.ts";
import { createWebUi } from "./web-ui/web-ui.ts";
import type { ClusterAdapter, Hold } from "./port.ts";
import type { ClusterConfig } from "./select-cluster.ts";
import { pluginCommands } from "./plugin/commands.ts";

/** It failed, so nobody may have seen its load end; and no plugin was there to end it. */
const mayHaveLoad = (run: LoadTestRun): boolean =>
  run.status === "Failed" &&
  run.trigger !== "external" &&
  run.startSent !== undefined &&
  run.startSent.masterInstanceId === undefined;

type AttachedConfig = Extract<ClusterConfig, { readonly kind: "attached" }>;

/**
 * A Locust master that someone runs, with our plugin inside or without it: each look finds out which.
 * Without it Locust's own pages are polled, and nothing guards the master but our looking.
 */
export const createAttached = (
  config: AttachedConfig,
  deps: {
    /** Those that the plugin may know, the one that holds now first; read anew for each command. */
    readonly callbackTokens: () => readonly string[];
    readonly callbackUrls: () => readonly string[];
  },
): ClusterAdapter => {
  const tokens = (): readonly string[] =>
    config.authToken === undefined
      ? deps.callbackTokens()
      : [config.authToken, ...deps.callbackTokens()];
  const client = createPluginClient(config.baseUrl, tokens);
  const commands = pluginCommands(deps);
  const polled = createWebUi(config.baseUrl, tokens);

  const withPlugin = async (): Promise<boolean> => (await client.status()).kind !== "no-plugin";
  const stop = async (hold: Hold): Promise<void> =>
    (await withPlugin()) ? commands.stop(client, hold) : polled.stop();

  return {
    config,
    observe: async (run) => {
      const reply = await client.status();
      if (reply.kind === "silent") {
        return { kind: "unreachable", refused: reply.refused, message: reply.message };
      }
      return reply.kind === "no-plugin"
        ? polled.observe(run)
        : observationOf(run, reply.status, run.engine?.workers ?? 1);
    },
    prepare: async () => {},
    attach: async (hold) => {
      if (await withPlugin()) await commands.attach(client, hold);
    },
    start: async (hold) =>
      (await withPlugin()) ? commands.start(client, hold) : polled.start(hold.run),
    setUsers: async (hold, targetUsers, spawnRate) =>
      (await withPlugin())
        ? commands.setUsers(client, hold, targetUsers, spawnRate)
        : polled.setUsers(hold.run, targetUsers, spawnRate),
    stop,
    kill: async () => {},
    spooled: async () => [],
    cleanUp: async (run: LoadTestRun) => {
      const reply = await client.status();
      if (reply.kind === "status") {
        const mine = reply.status.run?.runId === run.id;
        if (mine && reply.status.run?.phase !== "ended") await stop({ run, fence: run.fence });
      } else if (mayHaveLoad(run)) await polled.end(run);
      polled.forget(run.id);
    },
    remove: async () => {},
    probe: async () => {
      const reply = await client.status();
      if (reply.kind === "silent") return { state: "unreachable", message: reply.message };
      if (reply.kind === "no-plugin") return polled.probe();
      const { run } = reply.status;
      const engine = engineOf(reply.status);
      return run !== null && run.phase !== "ended"
        ? { state: "busy", engine, message: "Locust is busy with a run that was started there." }
        : { state: "idle", engine, fence: fenceOf(reply.status) };
    },
  };
};
