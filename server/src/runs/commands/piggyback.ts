import type { PluginCommand } from "@load-manager/contract/plugin/protocol.ts";
import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { z } from "zod";

/**
 * The commands that travel in the answer to the plugin's metrics, so that a stop works where the server cannot reach the
 * master. Each may be carried out again.
 */
export const commandsFor = (run: LoadTestRun): z.output<typeof PluginCommand>[] => {
  const { id: runId, fence, commandedLoad } = run;
  // Metrics that arrive after a run has Failed show that its load continues.
  const leftOver = run.status === "Failed" && run.trigger !== "external";
  if (run.status === "Stopping" || leftOver) return [{ type: "stop", runId, fence }];
  if (run.status !== "Running" || commandedLoad === undefined) return [];
  const { at: commandNumber, targetUsers: users, spawnRate } = commandedLoad;
  return [{ type: "setUsers", runId, fence, users, spawnRate, commandNumber }];
};
