import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { PluginClient } from "./client.ts";
import { settingsOf } from "./observation.ts";
import type { Callback } from "../callback.ts";
import type { LoadCommands } from "../port.ts";
import { stopTimeoutOf } from "@load-manager/contract/model/stop-timeout.ts";
import { definedOnly } from "../../lib/defined.ts";
import { assertSupported, scriptSettingsOf } from "../run-settings.ts";

export type CallbackAddresses = Pick<Callback, "callbackTokens" | "callbackUrls" | "runAddress">;

type Options = {
  /** The workers are of one run alone: they end before its final record. */
  readonly quitWorkers: boolean;
};

/** The plugin ends the load by these limits without the server. */
const limits = ({ durationSeconds, maxDurationSec }: LoadTestRun) => ({
  ...(durationSeconds === undefined ? {} : { durationSeconds }),
  ...(maxDurationSec === undefined ? {} : { maxSeconds: maxDurationSec }),
});

/** The commands that the plugin takes; each may be repeated, and carries run and fence. */
export const pluginCommands = (
  { callbackTokens, callbackUrls, runAddress }: CallbackAddresses,
  client: PluginClient,
  { quitWorkers }: Options = { quitWorkers: false },
): LoadCommands => {
  const reachUs = () => ({ urls: callbackUrls(), token: callbackTokens()[0] ?? "" });
  return {
    attach: ({ run, fence }) =>
      client.command("attach", {
        ...reachUs(),
        runId: run.id,
        ...runAddress(run.id),
        fence,
        ...limits(run),
        ...(run.autoStop === undefined ? {} : { autoStop: run.autoStop }),
      }),
    /** Tells the plugin the offset of the master's clock, so that the run's times are on the server's clock. */
    start: async ({ run, fence }) => {
      const seen = await client.status();
      if (seen.kind === "status") assertSupported(run, settingsOf(seen.status));
      const aheadMs = seen.kind === "status" ? seen.clockAheadMs : 0;
      await client.command("start", {
        ...reachUs(),
        runId: run.id,
        ...runAddress(run.id),
        fence,
        ...definedOnly({ users: run.targetUsers, spawnRate: run.spawnRate }),
        host: run.targetUrl,
        ...limits(run),
        stopTimeoutSeconds: stopTimeoutOf(run),
        ...scriptSettingsOf(run),
        ...(quitWorkers ? { quitWorkers } : {}),
        ...(run.autoStop === undefined ? {} : { autoStop: run.autoStop }),
        ...(aheadMs === 0 ? {} : { clockAheadSeconds: aheadMs / 1000 }),
      });
    },
    setUsers: ({ run, fence }, users, spawnRate) =>
      client.command("users", {
        runId: run.id,
        fence,
        users,
        spawnRate,
        ...(run.commandedLoad === undefined ? {} : { commandNumber: run.commandedLoad.at }),
      }),
    stop: ({ run, fence }) => client.command("stop", { runId: run.id, fence, cause: "manager" }),
  };
};
