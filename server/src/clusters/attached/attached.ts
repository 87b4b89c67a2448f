import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { Clock } from "../../lib/clock.ts";
import { mustEndLoad } from "../../runs/domain/load-left.ts";
import { createPluginClient } from "../plugin/client.ts";
import {
  engineOf,
  fenceOf,
  observationOf,
  processesOf,
  settingsOf,
} from "../plugin/observation.ts";
import { isBusy } from "../web-ui/stats.ts";
import { createWebUi } from "../web-ui/web-ui.ts";
import { type ClusterAdapter, type LoadCommands, loadCommandsFor } from "../port.ts";
import { assertSupported } from "../run-settings.ts";
import type { ClusterConfig } from "../select-cluster.ts";
import { type CallbackAddresses, pluginCommands } from "../plugin/commands.ts";

type AttachedConfig = Extract<ClusterConfig, { readonly kind: "attached" }>;

/**
 * A Locust master that someone runs, with our plugin or without it: each observation and each command finds out which.
 * Without the plugin Locust's own pages are used.
 */
export const createAttached = (
  config: AttachedConfig,
  deps: CallbackAddresses & { readonly clock: Clock },
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
    start: async ({ run }) => {
      assertSupported(run, []);
      await webUi.start(run);
    },
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
        webUi.noteSilence(run, reply.refused);
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
        } else if (mustEndLoad(run)) await webUi.end(run);
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
      if (reply.kind === "no-plugin") {
        const seen = await webUi.probe();
        return seen.state === "unreachable" ? seen : { ...seen, settings: [] };
      }
      const { run } = reply.status;
      const seen = {
        engine: engineOf(reply.status),
        processes: processesOf(reply.status, reply.clockAheadMs),
        settings: settingsOf(reply.status),
      };
      // Load of nobody's run: its registration has failed, or no scope is set there.
      const loads = isBusy(reply.status.state);
      return loads || (run !== null && run.phase !== "ended")
        ? { state: "busy", ...seen, message: "Locust is busy with a run that was started there." }
        : { state: "idle", ...seen, fence: fenceOf(reply.status) };
    },
  };
};
