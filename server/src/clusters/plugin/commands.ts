import type { LoadTestRun } from "@load-manager/contract/run.ts";
import type { PluginClient } from "./client.ts";
import type { Hold } from "../port.ts";

type Callback = {
  readonly callbackTokens: () => readonly string[];
  readonly callbackUrls: () => readonly string[];
};

/** The plugin ends the load by these limits without the server. */
const limits = ({ durationSeconds, maxDurationSec }: LoadTestRun) => ({
  ...(durationSeconds === undefined ? {} : { durationSeconds }),
  ...(maxDurationSec === undefined ? {} : { maxSeconds: maxDurationSec }),
});

/** The commands that the plugin takes; each may be repeated, and carries run and fence. */
export const pluginCommands = ({ callbackTokens, callbackUrls }: Callback) => {
  const reachUs = () => ({ urls: callbackUrls(), token: callbackTokens()[0] ?? "" });
  return {
    attach: (client: PluginClient, { run, fence }: Hold): Promise<void> =>
      client.command("attach", {
        ...reachUs(),
        run: run.id,
        fence,
        ...limits(run),
        ...(run.autoStop === undefined ? {} : { autoStop: run.autoStop }),
      }),
    /** Tells the plugin the offset of the master's clock, so that the run's times are on the server's clock. */
    start: async (client: PluginClient, { run, fence }: Hold): Promise<void> => {
      const seen = await client.status();
      const aheadMs = seen.kind === "status" ? seen.clockAheadMs : 0;
      await client.command("start", {
        ...reachUs(),
        runId: run.id,
        fence,
        users: run.targetUsers,
        spawnRate: run.spawnRate,
        host: run.targetUrl,
        ...limits(run),
        stopTimeoutSeconds: run.stopTimeoutSeconds,
        ...(run.autoStop === undefined ? {} : { autoStop: run.autoStop }),
        ...(aheadMs === 0 ? {} : { clockAheadSeconds: aheadMs / 1000 }),
      });
    },
    setUsers: (
      client: PluginClient,
      { run, fence }: Hold,
      users: number,
      spawnRate: number,
    ): Promise<void> =>
      client.command("users", {
        runId: run.id,
        fence,
        users,
        spawnRate,
        ...(run.commandedLoad === undefined ? {} : { commandNumber: run.commandedLoad.at }),
      }),
    stop: (client: PluginClient, { run, fence }: Hold): Promise<void> =>
      client.command("stop", { runId: run.id, fence, cause: "manager" }),
  };
};
