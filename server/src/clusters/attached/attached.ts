import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { createPluginClient } from "../plugin/client.ts";
import { engineOf, fenceOf, observationOf } from "../plugin/observation.ts";
import { createWebUi } from "../web-ui/web-ui.ts";
import { type ClusterAdapter, type LoadCommands, loadCommandsFor } from "../port.ts";
import type { ClusterConfig } from "../select-cluster.ts";
import { pluginCommands } from "../plugin/commands.ts";

/** The run failed, so its load may not have been seen to end, and no plugin was there to end it. */
const mayHaveLoad = (run: LoadTestRun): boolean =>
  run.status === "Failed" &&
  run.trigger !== "external" &&
  run.startSent !== undefined &&
  !run.startSent.capabilities.ownDeadline;

type AttachedConfig = Extract<ClusterConfig, { readonly kind: "attached" }>;

/**
 * A Locust master that someone runs, with our plugin or without it: each observation and each command finds out which.
 * Without the plugin Locust's own pages are used.
 */
export const createAttached = (
  config: AttachedConfig,
  deps: {
    /** The tokens that the plugin may know, the present one first; read for each command. */
    readonly callbackTokens: () => readonly string[];
    readonly callbackUrls: () => readonly string[];
    readonly clock: Clock;
  },
): ClusterAdapter => {
  const tokens = (): readonly string[] =>
    config.authToken === undefined
      ? deps.callbackTokens()
      : [config.authToken, ...deps.callbackTokens()];
  const client = createPluginClient(config.baseUrl, tokens, deps.clock);
  const webUi = createWebUi(config.baseUrl, tokens, deps.clock);

  const ofPlugin = pluginCommands(deps, client);
  const ofPages: LoadCommands = {
    // Nobody there could refuse a stale fence.
    attach: async () => {},
    start: ({ run }) => webUi.start(run),
    setUsers: ({ run }, targetUsers, spawnRate) => webUi.setUsers(run, targetUsers, spawnRate),
    stop: webUi.stop,
  };
  const commands = loadCommandsFor(async () =>
    (await client.status()).kind === "no-plugin" ? ofPages : ofPlugin,
  );

  return {
    config,
    observe: async (run) => {
      const reply = await client.status();
      if (reply.kind === "silent") {
        return { kind: "unreachable", refused: reply.refused, message: reply.message };
      }
      if (reply.kind === "other-protocol") {
        return { kind: "unreachable", refused: false, message: reply.message };
      }
      return reply.kind === "no-plugin"
        ? webUi.observe(run)
        : observationOf(run, reply.status, run.engine?.workers ?? 1);
    },
    commands: {
      prepare: async () => {},
      ...commands,
      kill: async () => {},
      cleanUp: async (run: LoadTestRun) => {
        const reply = await client.status();
        if (reply.kind === "status") {
          const mine = reply.status.run?.runId === run.id;
          if (mine && reply.status.run?.phase !== "ended")
            await commands.stop({ run, fence: run.fence });
        } else if (mayHaveLoad(run)) await webUi.end(run);
        webUi.forget(run.id);
      },
    },
    spooled: async () => [],
    remove: async () => {},
    probe: async () => {
      const reply = await client.status();
      if (reply.kind === "silent") return { state: "unreachable", message: reply.message };
      // A run that waits can start once the plugin is replaced; a start now could only fail.
      if (reply.kind === "other-protocol") return { state: "unknown", message: reply.message };
      if (reply.kind === "no-plugin") return webUi.probe();
      const { run } = reply.status;
      const engine = engineOf(reply.status);
      return run !== null && run.phase !== "ended"
        ? { state: "busy", engine, message: "Locust is busy with a run that was started there." }
        : { state: "idle", engine, fence: fenceOf(reply.status) };
    },
  };
};
